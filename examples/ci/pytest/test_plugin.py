import urllib.error

import pytest

from plugin import settings_of_all


def held(world):
    return settings_of_all(world.rest_url, world.identifier, world.key)


def test_what_an_operator_saves_is_what_the_plugin_holds(world):
    world.control("PUT", "/websites/w2/settings", {"message": "Bonjour"})
    truth = world.control("GET", "/websites")["websites"]
    assert held(world) == {id: website["settings"] for id, website in truth.items()}
    assert {"message": "Bonjour"} in held(world).values()


def test_an_outage_of_two_requests_is_survived(world):
    world.control("POST", "/faults", {"at": "list#1..2", "status": 503})
    assert len(held(world)) == 3
    # The fault did meet us: without this the test would prove nothing.
    assert not world.control("GET", "/faults")["faults"][0]["never_fired"]


def test_a_longer_outage_is_reported(world):
    world.control("POST", "/faults", {"at": "list", "status": 503})
    with pytest.raises(urllib.error.HTTPError):
        held(world)
    assert world.control("GET", "/requests?operation=list")["count"] == 3


def test_no_other_test_is_seen_in_here(world):
    assert world.control("GET", "/requests")["total"] == 0
    assert len(held(world)) == 3
