"""A world of its own in a server: what a test knows of it, and does to it."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from crisp_mock import report
from crisp_mock.control import call
from crisp_mock.types import Clock, Entry, Event, Info, Website

if TYPE_CHECKING:
    from typing_extensions import Self


class Space:
    """A space. Its credentials lead to it, so tests with a space each run in parallel."""

    def __init__(self, facts: Info) -> None:
        self.facts = facts
        """Everything that is known of it."""
        self.url = facts["url"]
        """For `crisp.set_rest_host(…)` of crisp-api."""
        self.rest_url = facts["rest_url"]
        """The same with `/v1/`."""
        self.control_url = facts["control_url"]
        self.identifier = facts["identifier"]
        self.key = facts["key"]
        self.plugin_id = facts["plugin_id"]
        self.hook_secret = facts["hook_secret"]

    @classmethod
    def make(cls, control_url: str, options: dict[str, Any]) -> Space:
        """A fresh space of the server with this control API."""
        return Space(call("POST", f"{control_url}/spaces", options))

    @property
    def env(self) -> dict[str, str]:
        """The variables that `crisp-mock exec` gives its command: for a plugin that runs as a process."""
        return {
            "CRISP_REST_HOST": self.url,
            "CRISP_REST_URL": self.rest_url,
            "CRISP_RTM_URL": self.facts["rtm_url"],
            "CRISP_IDENTIFIER": self.identifier,
            "CRISP_KEY": self.key,
            "CRISP_TIER": self.facts["tier"],
            "CRISP_PLUGIN_ID": self.plugin_id,
            "CRISP_HOOK_SECRET": self.hook_secret,
            "CRISP_MOCK_CONTROL_URL": self.control_url,
        }

    def control(self, method: str, path: str, body: object = None) -> Any:
        """A call of the control API: `control("PUT", "/quota", {"limit": 100})`."""
        return call(method, self.control_url + path, body)

    def websites(self) -> dict[str, Website]:
        """Every website that has the plugin, by its id."""
        found: dict[str, Website] = self.control("GET", "/websites")["websites"]
        return found

    def save(self, website: str, settings: dict[str, Any]) -> Website:
        """An operator saves settings. Raises ControlError when the schema refuses them."""
        saved: Website = self.control("PUT", f"/websites/{quote(website, '')}/settings", settings)
        return saved

    def install(self, website: str | None = None, **options: Any) -> Website:
        """A website installs the plugin: the one named (`w26`), or a new one."""
        body = options if website is None else {**options, "website_id": website}
        installed: Website = self.control("POST", "/websites", body)
        return installed

    def uninstall(self, website: str) -> None:
        """A website uninstalls the plugin."""
        self.control("DELETE", f"/websites/{quote(website, '')}")

    def fault(self, at: str | None = None, **effect: Any) -> list[int]:
        """Arms a fault: `fault("since#2", status=503)`. Gives its ids."""
        body = effect if at is None else {**effect, "at": at}
        ids: list[int] = self.control("POST", "/faults", body)["ids"]
        return ids

    def advance(self, by: str) -> Clock:
        """Moves the clock: `advance("20s")`. A manual clock waits for the web hooks that fall due."""
        clock: Clock = self.control("POST", "/clock", {"advance": by})
        return clock

    def emit(self, event: str, website: str | None = None, data: dict[str, Any] | None = None) -> Event:
        """Something happens at Crisp that the plugin is told of, such as `message:send`."""
        body = {"event": event, "website_id": website, "data": data}
        emitted: Event = self.control("POST", "/events", body)
        return emitted

    def requests(self, operation: str | None = None, *, wait: str | None = None, **more: Any) -> list[Entry]:
        """The requests that match, oldest first. With `wait="5s"` it waits until one does, and is empty
        if none did."""
        asked = {"operation": operation, "wait": wait, **more}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        found: list[Entry] = self.control("GET", f"/requests?{query}")["requests"]
        return found

    def expect_no_unfired(self) -> None:
        """Raises AssertionError when an armed fault met no request: then the test did not try what it
        is about."""
        faults = self.control("GET", "/faults")["faults"]
        unfired = ", ".join(str(fault["fault"]) for fault in faults if fault["never_fired"])
        if unfired:
            raise AssertionError(
                f"armed, but met by no request: {unfired}. The test did not try what it is about."
            )

    def journal(self) -> str:
        """The newest requests as text, with the faults that met them."""
        return report.journal(self.control("GET", f"/requests?limit={report.NEWEST}"))

    def close(self) -> None:
        """Removes the space."""
        call("DELETE", self.control_url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
