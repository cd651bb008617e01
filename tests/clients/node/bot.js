// A bot: calls the routes that bots call most through the official client, and says what came of each,
// one JSON object a line.

"use strict";

const { Crisp } = require(process.argv[2]);

const { CRISP_REST_HOST, CRISP_IDENTIFIER, CRISP_KEY } = process.env;
const [website, session, people] = process.argv.slice(3);

async function main() {
  const client = new Crisp();
  client.setRestHost(CRISP_REST_HOST);
  client.authenticateTier("plugin", CRISP_IDENTIFIER, CRISP_KEY);
  const message = { type: "text", from: "operator", origin: "chat", content: "Hello" };
  const calls = [
    ["getWebsite", website],
    ["getWebsiteSettings", website],
    ["getWebsiteAvailabilityStatus", website],
    ["listWebsiteOperators", website],
    ["listConversations", website, 1],
    ["createNewConversation", website],
    ["checkConversationExists", website, session],
    ["getConversation", website, session],
    ["getMessagesInConversation", website, session],
    ["sendMessageInConversation", website, session, message],
    ["updateMessageInConversation", website, session, 5, "Hello again"],
    ["composeMessageInConversation", website, session, { type: "start", from: "operator" }],
    ["markMessagesReadInConversation", website, session, { from: "user", origin: "chat" }],
    ["getConversationState", website, session],
    ["changeConversationState", website, session, "resolved"],
    ["getConversationRoutingAssign", website, session],
    ["assignConversationRouting", website, session, { assigned: null }],
    ["getConversationMetas", website, session],
    ["updateConversationMetas", website, session, { nickname: "Jane" }],
    ["removeConversation", website, session],
    ["addNewPeopleProfile", website, { email: "jane@example.com" }],
    ["getPeopleProfile", website, people],
    ["updatePeopleProfile", website, people, { person: { nickname: "Jane" } }],
    ["getPeopleData", website, people],
    ["savePeopleData", website, people, { data: { key: "value" } }],
    ["updatePeopleData", website, people, { data: { key: "value" } }],
    ["addPeopleEvent", website, people, { text: "bought", data: {}, color: "red" }],
  ];
  for (const [call, ...args] of calls) {
    try {
      console.log(JSON.stringify({ call, returned: (await client.website[call](...args)) ?? null }));
    } catch (error) {
      console.log(JSON.stringify({ call, rejected: error.message ?? error }));
    }
  }
  process.exit(0);
}

main();
