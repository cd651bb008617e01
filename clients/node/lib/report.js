// The journal of a space as text, one line a request, for the report of a test that failed.

"use strict";

// As many as `crisp-mock exec` shows when its command failed.
const NEWEST = 20;

function line(entry) {
  const query = entry.query ? `?${entry.query}` : "";
  const answer = entry.outcome === "answer" ? entry.status : (entry.outcome ?? entry.status);
  const parts = [
    `  ${entry.time?.slice(11, 23)}  ${answer}  ${entry.method} ${entry.path}${query}`,
    `${entry.operation}#${entry.occurrence}`,
  ];
  if (entry.website_name) {
    parts.push(entry.website_name);
  }
  for (const { fault } of entry.faults ?? []) {
    parts.push(`fault ${JSON.stringify(fault)}`);
  }
  if (entry.explanation) {
    parts.push(entry.explanation);
  }
  return parts.join("  ");
}

/** The newest requests of a journal, with the faults that met them. */
function journal({ requests = [], total = 0 }) {
  if (total === 0) {
    return "crisp-mock: no request came. Does the client use the space's url, identifier and key?";
  }
  const shown = requests.slice(-NEWEST);
  return [`crisp-mock: the last ${shown.length} of ${total} requests`, ...shown.map(line)].join("\n");
}

module.exports = { journal, NEWEST };
