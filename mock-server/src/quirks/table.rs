//! The quirks, one row each.
//!
//! A row is all there is to say of a quirk: its name, its field and type, its values with the
//! default first, the question, why the default is what it is and what that rests on, its value
//! under the profile `hostile`, and what the random search draws. The struct [`Quirks`], the
//! reader, `docs/quirks.md`, the profile, the JSON Schemas and the search all follow from it.

use super::amounts::{
    BodyLimit, ClockOffset, DevelopmentToken, EdgeLimit, GetCache, Horizon, Lag, PageSize,
    QuotaReset, Reason, Status,
};
use super::events::{
    HookRetries, HookSuspension, RtmDeadline, RtmPingInterval, RtmPingTimeout, RtmRefusalMessage,
    SubscriptionTarget,
};
use super::row::Search::{Drawn, Outside, Partly, Unmet};
use super::row::{Quirk, alternatives, choice, invalid, optional, quirks};
use super::value::Value;
use crate::schema::Draft;

const NO_QUOTA: &str = "no case has a quota: once it is spent, every request of the day is refused";
const NO_SOCKETS: &str = "the clients that are judged ask over the API alone";
const NO_HOOKS: &str = "no case has web hooks: the clients that are judged poll";
const FILTER: &str = "it shows only to a client that filters";

quirks! {
    "tier-refusal-status" tier_refusal_status: Status(403, 401, 404)
        asks "Which status comes with `restricted_route_tier`?"
        because "`not_allowed` is 403 in the published excerpt."
        rests on "our choice" ("CH, I56")
        search Unmet("a plugin's client asks with the plugin tier");

    "list-status" list_status: Status(206, 200)
        asks "Which status does a page of the list have?"
        because "Paged lists of the published excerpt are 206."
        rests on "documented (other paged lists)" ("CH, T1") hostile "200" search Drawn;

    "since-status" since_status: Status(200, 206)
        asks "Which status does the differential have?"
        because "It is not paged."
        rests on "our choice" hostile "206" search Drawn;

    "write-reason" write_reason: Reason ["resolved", "any_text"]
        asks "Which `reason` do successful writes have?"
        because "`saved`, `updated`, `added` …: clients never branch on success reasons."
        rests on "our choice" ("CH") search Drawn;

    "page-size" page_size: PageSize ["1", "100"]
        asks "How many websites has a page?"
        because "Other lists of the API have 20 to 50."
        rests on "our choice" ("T2") hostile "3"
        search Unmet("every case draws `server.page_size`, from 1 to 5");

    "page-zero" page_zero: PageZero {
            AsFirst: "The same as page 1.",
            NotFound: "404.",
            Empty: "An empty page.",
            ZeroBased: "Pages are numbered from 0; no page means page 0.",
        }
        asks "What do page 0, and no page at all, mean?"
        because "Crisp's Node example asked for page 0 in 2021, a Django app sends none; both work in the wild."
        rests on "third party, client" ("T1, T7, X-NODE")
        search Outside("a client that reads pages from 1 on cannot know that the list begins at 0; \
             the other values make no difference to it");

    "past-the-end" past_the_end: PastTheEnd { Empty: "An empty array.", NotFound: "404." }
        asks "What does a page past the end bring?"
        because "Every official loop ends on an empty array."
        rests on "client" ("X-GO, X-NODE, SG") search Drawn;

    "list-order" list_order: ListOrder {
            OldestFirst: "By time of installation, oldest first, by offset: removals shift the pages.",
            NewestFirst: "By time of installation, newest first: installs shift the pages.",
            ById: "By website id.",
            Snapshot: "Oldest first; page 1 takes a snapshot that later pages read from.",
        }
        asks "In which order are websites listed, and is it stable while paging?"
        because "Offset paging is the plain reading of page numbers; so pages drift."
        rests on "our choice" hostile "newest-first" search Drawn;

    "since-boundary" since_boundary: SinceBoundary { Inclusive: "It is.", Exclusive: "It is not." }
        asks "Is a change stamped exactly `date_since` reported?"
        because "Inclusive loses nothing."
        rests on "our choice" hostile "exclusive" search Drawn;

    "since-granularity" since_granularity: SinceGranularity {
            Millisecond = "1ms": "To the millisecond.",
            SecondFloor = "1s-floor": "Both sides cut down to their second.",
            SecondCeil = "1s-ceil": "Stamps cut down to their second, the date asked for raised to the next.",
        }
        asks "How finely are dates compared?"
        because "Milliseconds elsewhere in the API."
        rests on "our choice" ("CH, D5") hostile "1s-floor" search Drawn;

    "missing-date" missing_date: OddDate {
            Refused: "400 `invalid_data`.",
            Epoch: "The beginning of time: everything is reported.",
            Now: "Now.",
            Empty: "An empty answer.",
        }
        asks "What does a missing `date_since` mean?"
        because "The Node client omits it when falsy, so it is reachable."
        rests on "our choice" ("N") search Unmet("a client that sends no date asks nothing");

    "malformed-date" malformed_date: OddDate ["epoch", "now", "empty"]
        asks "What does an unreadable `date_since` mean?"
        because "As the missing one."
        rests on "our choice" search Unmet("a client that is judged writes dates");

    "future-date" future_date: FutureDate {
            Empty: "An empty answer.", Refused: "400 `invalid_data`.",
        }
        asks "What does a date in the future bring?"
        because "Nothing has changed since."
        rests on "our choice" search Drawn;

    "horizon" horizon: Horizon ["refuse:7d", "partial:7d"]
        asks "How far back does the differential reach?"
        because "Nothing is stated."
        rests on "our choice" hostile "refuse:1d"
        search Partly(&["refuse:10m", "refuse:1d", "partial:1d"], &[
            ("refuse:7d", "no case goes on for a day, so `refuse:1d` is the same"),
            ("partial:7d", "no case goes on for a day, so `partial:1d` is the same"),
        ]);

    "collapse" collapse: Collapse {
            Net: "One item with the net difference.",
            LastChange: "One item, tagged by the last change alone: an install and a save make `updated`.",
            EveryChange: "One item for each change, in order, each with the state it left.",
        }
        asks "How are several changes of one website reported?"
        because "Items are states, not operations."
        rests on "our choice" hostile "every-change" search Drawn;

    "re-added" re_added: ReAdded {
            Added: "`added`", Updated: "`updated`", RemovedAndAdded: "`removed`, then `added`",
        }
        asks "How is a website reported that left and came back?"
        because "It is a new subscription."
        rests on "our choice" hostile "removed-and-added" search Drawn;

    "removed-payload" removed_payload: RemovedPayload {
            IdOnly: "The website id and the difference.",
            LastKnown: "The last token, price and settings too.",
            Nulls: "Nulls for them.",
        }
        asks "What does a `removed` item carry?"
        because "The guide uses nothing but the id; Go tolerates absence."
        rests on "our choice" ("SG, G") hostile "nulls" search Drawn;

    "unconfigured-under-filter" unconfigured_under_filter: UnconfiguredUnderFilter {
            Absent: "Nothing.", Removed: "`removed`",
        }
        asks "What does `filter_configured=1` report of a website that stopped being configured?"
        because "The literal reading of a filter; a hazard worth emulating."
        rests on "our choice" search Unmet(FILTER);

    "first-configured" first_configured: FirstConfigured {
            Updated: "`updated`: its installation is older.", Added: "`added`",
        }
        asks "What does `filter_configured=1` report of a website configured for the first time?"
        because "Its installation is older than the date."
        rests on "our choice" search Unmet(FILTER);

    "configured-means" configured_means: ConfiguredMeans {
            Saved: "Settings were saved and are not `{}`.",
            SchemaValid: "Its settings satisfy the schema (none at all count as `{}`).",
            NonEmpty: "At least one setting holds more than null, `\"\"`, `[]` or `{}`.",
        }
        asks "When does a website count as configured?"
        because "The plain reading: its settings were saved."
        rests on "our choice" search Unmet(FILTER);

    "unconfigured-settings" unconfigured_settings: UnconfiguredSettings {
            Empty: "`{}`", Null: "`null`", Absent: "No member at all.",
        }
        asks "What are the settings of a website that has none?"
        because "Official examples read a member of it without a check."
        rests on "client" ("X-NODE") hostile "null" search Drawn;

    "plan-change" plan_change: PlanChange { Updated: "It is.", Silent: "It is not." }
        asks "Is a change of plan or price an `updated`?"
        because "Both are part of the item."
        rests on "our choice" search Drawn;

    "free-plan" free_plan: FreePlan {
            Named: "A plan named `Free`.", Null: "`null`", Absent: "No member at all.",
        }
        asks "What is the plan of a website that pays nothing?"
        because "The same shape as the others is the gentlest."
        rests on "our choice" hostile "absent" search Drawn;

    "reinstall-token" reinstall_token: ReinstallToken {
            New: "A new one.", Same: "The one from before.",
        }
        asks "Which token has a website that came back?"
        because "It is a token of the subscription."
        rests on "our choice" search Drawn;

    "reinstall-settings" reinstall_settings: ReinstallSettings {
            Dropped: "None.", Kept: "Those from before.",
        }
        asks "Which settings has a website that came back?"
        because "A new subscription starts clean."
        rests on "our choice" search Drawn;

    "merge-depth" merge_depth: MergeDepth {
            Shallow: "Top-level members are replaced; null is a value.",
            Deep: "Objects merge with objects all the way down; null is a value.",
            Rfc7396: "RFC 7396: as deep, and null deletes.",
        }
        asks "How deep does a PATCH merge?"
        because "A documented sample keeps null as a value, which RFC 7396 would delete."
        rests on "our choice" ("D6e") hostile "deep" search Drawn;

    "invalid-save-status" invalid_save_status: Status(400, 422)
        asks "Which status does a refused save have?"
        because "Malformed input is 400 elsewhere."
        rests on "our choice (that a save is refused is documented)" ("SG") hostile "422"
        search Drawn;

    "invalid-save-reason" invalid_save_reason: Reason ["invalid_settings", "any_text"]
        asks "Which `reason` does a refused save have?"
        because "`invalid_data`, as other refusals of bodies."
        rests on "our choice" search Drawn;

    "validation-wording" validation_wording: ValidationWording {
            Ajv6: "Those of the validator Ajv 6: the first failure, or one for each branch of an \
                `anyOf`.",
            Plain: "Our own, for every failure: its JSON pointer, what was expected, what was found.",
        }
        asks "In which words is a save refused that does not fit the schema?"
        because "Two reports of refusals on website routes show them."
        rests on "third party (on other routes)" ("I29, I50")
        search Unmet("a client that caches settings branches on no message");

    "schema-draft" schema_draft: Draft ["draft-04", "draft-06", "2019-09", "2020-12"]
        asks "Which dialect is a schema without `$schema`?"
        because "No sample names one; draft 7 was current when the guide was written."
        rests on "our choice" ("D6e, X-GO") search Unmet("the sample schema means the same in all");

    "schema-formats" schema_formats: SchemaFormats {
            Asserted: "It is, and an unknown format is refused with the schema.",
            Ignored: "It is a note.",
        }
        asks "Is `format` asserted?"
        because "Ajv 6 does, whose wording was seen in refusals of website routes."
        rests on "third party (the wording; what follows from it is our choice)" ("I29, I50") search Unmet("the sample schema has no format");

    "numbers" numbers: Numbers {
            JavaScript = "javascript": "As JavaScript keeps them: doubles (2^53+1 becomes 2^53, `1.0` becomes \
                `1`, `-0` becomes `0`), and members named by a number come first.",
            AsSent: "As sent, to the digit (`1.50`, `-0`, beyond 64 bits), members in their order; web hooks aside.",
        }
        asks "How are numbers in settings kept?"
        because "The service is JavaScript, as its validator is."
        rests on "our choice" ("I29, I50") search Unmet("the sample schema has no numbers");

    "body-limit" body_limit: BodyLimit ["100KiB", "1KiB"]
        asks "How large may a body be?"
        because "No limit was found. (The emulator's own is 2 MiB.)"
        rests on "our choice" search Drawn;

    "unchanged-save" unchanged_save: UnchangedSave {
            Updated: "It is reported as `updated`, with an event.", Silent: "Nothing.",
        }
        asks "Is a save that changes nothing an `updated`, with an event?"
        because "A write is a write."
        rests on "our choice" hostile "silent" search Drawn;

    "own-write-echo" own_write_echo: OwnWriteEcho { Echoed: "They do.", Silent: "They do not." }
        asks "Do the plugin's own saves raise events?"
        because "Nothing tells them apart in the event's fields."
        rests on "our choice" search Unmet("a client that polls sees no events");

    "subscription-target" subscription_target: SubscriptionTarget ["plugin", "subscription"]
        asks "What does `plugin:subscription:updated` say in `target`?"
        because "The field is known, and none of its values; a website is what it is about."
        rests on "our choice" search Unmet("a client that polls sees no events");

    "rtm-install" rtm_install: RtmInstall {
            AfterBind: "Not before it emits `socket:bind`.", AtOnce: "At once.",
        }
        asks "Does a website installed after a socket was bound reach that socket?"
        because "Crisp's Node client re-binds for that, and its readers report missing events."
        rests on "client, third party" ("N, I57") search Unmet(NO_SOCKETS);

    "rtm-installed" rtm_installed: RtmInstalled {
            Sent: "It does.", Withheld: "Only a bound socket hears of its website.",
        }
        asks "Does `plugin:subscription:updated` with `bound: true` reach a socket before it binds to the website?"
        because "An event that tells of installs would be of no use otherwise."
        rests on "our choice" search Unmet(NO_SOCKETS);

    "rtm-deadline" rtm_deadline: RtmDeadline ["2s"]
        asks "How long may a socket take to authenticate?"
        because "One third party's description says about ten seconds."
        rests on "third party" ("AE") search Unmet(NO_SOCKETS);

    "rtm-refusal" rtm_refusal: RtmRefusal {
            Told: "`unauthorized` with a message, then the end.", Closed: "The connection ends.",
        }
        asks "How is a socket with wrong credentials refused?"
        because "The documents speak of disconnecting; the official clients listen to `unauthorized`."
        rests on "client (the name), third party (the payload)" ("G, N, AE") search Unmet(NO_SOCKETS);

    "rtm-refusal-message" rtm_refusal_message: RtmRefusalMessage ["unauthorized", "not_allowed"]
        asks "What does `unauthorized` say in `message`?"
        because "No text is known."
        rests on "our choice" search Unmet(NO_SOCKETS);

    "rtm-ping-interval" rtm_ping_interval: RtmPingInterval ["5s"]
        asks "How often is a socket asked whether it is there?"
        because "25 s is the default of engine.io."
        rests on "our choice" search Unmet(NO_SOCKETS);

    "rtm-ping-timeout" rtm_ping_timeout: RtmPingTimeout ["5s"]
        asks "How long may the answer to that take?"
        because "20 s is the default of engine.io."
        rests on "our choice" search Unmet(NO_SOCKETS);

    "quota-status" quota_status: Status(429, 420)
        asks "Which status comes when the daily quota is spent?"
        because "429 and 420 are both documented; which is whose is not."
        rests on "our choice" ("D3") hostile "420" search Unmet(NO_QUOTA);

    "edge-status" edge_status: Status(420, 429)
        asks "Which status comes when the edge throttles?"
        because "The other of the two."
        rests on "our choice" ("D3") search Drawn;

    "edge-limit" edge_limit: EdgeLimit ["10/s", "1/s"]
        asks "How many requests a second does the edge let through?"
        because "No figure is published; it is said to be very permissive."
        rests on "our choice" ("D3")
        search Partly(&["10/s"], &[
            ("1/s", "every list meets its refusals, and each is a disturbance: with a list every few \
             minutes a run is never calm for long enough to end"),
        ]);

    "quota-reset" quota_reset: QuotaReset ["rolling-24h", "09:00"]
        asks "When does the daily quota start anew?"
        because "\"Daily\", and the API's dates are UTC."
        rests on "our choice (daily is documented)" ("D3") hostile "rolling-24h"
        search Unmet(NO_QUOTA);

    "refused-count" refused_count: RefusedCount {
            ExceptUnauthorized = "except-401": "All but 401.", Never: "None.",
        }
        asks "Do refused requests count against the quota?"
        because "A request is a request; without a session it belongs to no plugin."
        rests on "our choice" search Unmet(NO_QUOTA);

    "development-token" development_token: DevelopmentToken ["trusted:2"]
        asks "What is the plugin's development token good for?"
        because "One third party was told: 400 requests in 24 h, and trusted websites only."
        rests on "our choice" ("T13")
        search Unmet("a client that is judged has the production token");

    "retry-after" retry_after: RetryAfter {
            Absent: "None.", Seconds: "Whole seconds.", Date: "An HTTP date.",
        }
        asks "Does a throttled answer carry `Retry-After`?"
        because "None is documented."
        rests on "documented (by absence)" ("D3") hostile "seconds" search Drawn;

    "get-cache" get_cache: GetCache ["busted:5s", "kept:5s"]
        asks "Is there a cache in front of reads, and do writes empty it?"
        because "`Bloom-Status` is documented; its times are not."
        rests on "our choice (a cache is documented)" ("D3") hostile "kept:2s" search Drawn;

    "since-lag" since_lag: Lag ["1500ms", "5s"]
        asks "How long after its stamp does a write appear in the differential?"
        because "Real stores have a lag; by default it is off."
        rests on "our choice" hostile "1500ms" search Drawn;

    "list-lag" list_lag: Lag ["1500ms", "5s"]
        asks "How long after its stamp does a write appear in the list?"
        because "As in the differential."
        rests on "our choice" hostile "500ms"
        search Partly(&["1500ms"], &[
            ("5s", "a list that is further behind than the differential looks like a website that left"),
        ]);

    "missing-tier" missing_tier: MissingTier { User: "Tier `user`.", Refused = "401": "401." }
        asks "What is a request without `X-Crisp-Tier`?"
        because "The clients' own default is `user`."
        rests on "our choice" ("N, P, R") search Unmet("a plugin's client sends its tier");

    "session-refusal-status" session_refusal_status: Status(401, 403, 404)
        asks "Which status does the session check give a bad key?"
        because "401 elsewhere."
        rests on "our choice" search Unmet("no case has a wrong key");

    "clock-offset" clock_offset: ClockOffset ["-60s", "90s"]
        asks "How far is the server's clock off?"
        because "Needed to test clients against skew."
        rests on "our choice" hostile "-90s" search Drawn;

    "date-header" date_header: DateHeader { Sent: "They do.", None: "They do not." }
        asks "Do answers carry a `Date`?"
        because "HTTP servers send one."
        rests on "our choice" search Drawn;

    "unknown-agent" unknown_agent: UnknownAgent { Ignored: "Nothing.", Refused: "403." }
        asks "What becomes of an unknown `User-Agent`?"
        because "No demand was found."
        rests on "our choice (no demand is documented)"
        search Outside("a client names itself, and a server that refuses the name refuses the client");

    "hook-retries" hook_retries: HookRetries ["off", "1s,5s"]
        asks "How long after each failed attempt is a web hook delivered again?"
        because "An answer but 2xx is tried again; number and spacing are not stated."
        rests on "our choice (that it is tried again is third party)" ("T3, T12") search Unmet(NO_HOOKS);

    "hook-suspension" hook_suspension: HookSuspension ["after:1", "after:3"]
        asks "After how many failed deliveries in a row is a web hook suspended?"
        because "Nothing is stated; one public plugin answers 200 to everything so as not to be suspended."
        rests on "our choice" search Unmet(NO_HOOKS);
}
