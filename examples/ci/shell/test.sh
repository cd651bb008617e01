#!/bin/sh
# Run `crisp-mock exec -- sh test.sh`. One space for each test: CRISP_MOCK_SPACE tells `ctl`.
set -eu
crisp_mock="${CRISP_MOCK:-crisp-mock}"

# A fresh world for the test NAME: sets what its plugin needs.
fresh_world() {
    info=$("$crisp_mock" ctl --space default --print json space create "name=$1" websites=3)
    fact() { printf '%s' "$info" | sed "s/.*\"$1\":\"\\([^\"]*\\)\".*/\\1/"; }
    CRISP_IDENTIFIER=$(fact identifier)
    CRISP_KEY=$(fact key)
    CRISP_MOCK_SPACE=$1
    export CRISP_IDENTIFIER CRISP_KEY CRISP_MOCK_SPACE
}

# What is tested here: a plugin as small as can be, which prints the status and the websites.
plugin() {
    curl --silent --show-error --write-out '%{http_code} ' --header 'X-Crisp-Tier: plugin' \
        --user "$CRISP_IDENTIFIER:$CRISP_KEY" "${CRISP_REST_URL}plugin/connect/websites/all/1"
}

fails() { echo "FAILED: $1" >&2; exit 1; }

fresh_world saving
"$crisp_mock" ctl save w1 message=Bonjour > /dev/null
case $(plugin) in *Bonjour*) ;; *) fails "the plugin does not see what was saved" ;; esac

fresh_world outage
"$crisp_mock" ctl fault list status=503 > /dev/null
case $(plugin) in *'503 '*) ;; *) fails "the outage does not reach the plugin" ;; esac

fresh_world alone
[ -z "$("$crisp_mock" ctl requests --operation list --print text | grep /v1/ || true)" ] \
    || fails "another test's requests are seen"

echo "3 tests passed"
