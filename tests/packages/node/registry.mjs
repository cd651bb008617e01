// A registry of npm for packages in a folder: `node registry.mjs FOLDER`. Prints its address when it
// is ready, and ends when stdin does.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const folder = process.argv[2];
const packages = new Map();
for (const file of readdirSync(folder).filter((file) => file.endsWith(".tgz"))) {
  const path = join(folder, file);
  const manifest = JSON.parse(execFileSync("tar", ["-xzOf", path, "package/package.json"]));
  const integrity = `sha512-${createHash("sha512").update(readFileSync(path)).digest("base64")}`;
  packages.set(manifest.name, { path, file, manifest, integrity });
}

const server = createServer((request, response) => {
  const name = decodeURIComponent(request.url.slice(1));
  const found = packages.get(name);
  const tarball = [...packages.values()].find(({ file }) => name === `tarballs/${file}`);
  if (tarball) {
    response.end(readFileSync(tarball.path));
  } else if (found) {
    const { file, manifest, integrity } = found;
    const dist = { tarball: `http://${request.headers.host}/tarballs/${file}`, integrity };
    const { version } = manifest;
    const versions = { [version]: { ...manifest, dist } };
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ name, "dist-tags": { latest: version }, versions }));
  } else {
    response.statusCode = 404;
    response.end("{}");
  }
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));
process.stdin.resume().on("end", () => process.exit());
