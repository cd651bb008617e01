"""A plugin's tests with the fixtures of the package. `plugin` is that of examples/ci/pytest."""

import urllib.error

import pytest
from plugin import settings_of_all


def held(space):
    return settings_of_all(space.rest_url, space.identifier, space.key)


pytestmark = pytest.mark.crisp(websites=3, clock="manual")


def test_an_outage_of_two_requests_is_survived(crisp):
    crisp.save("w2", {"message": "Bonjour"})
    crisp.fault("list#1..2", status=503)
    assert {"message": "Bonjour"} in held(crisp).values()
    crisp.expect_no_unfired()


@pytest.mark.crisp(websites=5, quirks={"page-size": 1})
def test_the_options_at_the_test_win(crisp):
    assert len(held(crisp)) == 5
    # One website a page, then the empty one.
    assert len(crisp.requests("list")) == 6
    assert crisp.advance("20s")["elapsed_ms"] == 20_000


@pytest.mark.parametrize("turn", range(8))
def test_no_other_test_is_seen_in_here(crisp, turn):
    assert crisp.requests() == []
    crisp.uninstall("w1")
    assert crisp.install()["name"] == "w4"
    assert len(held(crisp)) == 3


def test_a_fault_that_met_nothing_and_a_call_that_is_refused(crisp):
    crisp.fault("since#2", reset=True)
    with pytest.raises(AssertionError, match="since#2"):
        crisp.expect_no_unfired()
    with pytest.raises(RuntimeError, match="w9"):
        crisp.save("w9", {})
    assert crisp.emit("message:send", "w1", {"content": "Hi"})["data"]["content"] == "Hi"


@pytest.mark.asyncio
async def test_coroutines_have_the_same_space(async_crisp, crisp):
    await async_crisp.save("w1", {"message": "Hi"})
    assert {"message": "Hi"} in held(crisp).values()
    assert (await async_crisp.requests("list", wait="5s"))[0]["occurrence"] == 1


def test_a_longer_outage_is_reported(crisp):
    crisp.fault("list", status=503)
    with pytest.raises(urllib.error.HTTPError):
        held(crisp)
