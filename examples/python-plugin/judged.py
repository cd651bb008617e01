"""The plugin under crisp-mock's eyes:

    crisp-mock replay scenarios --client-cmd "python3 examples/python-plugin/judged.py"
"""

import sys
from pathlib import Path

import plugin

sys.path.append(str(Path(__file__).parents[1] / "adapters" / "python"))
from crisp_mock_client import judged  # noqa: E402


def save(website_id, settings, how):
    if how == "patch":
        return plugin.save_settings(website_id, settings)
    # The plugin itself never replaces settings as a whole; for the judge that is a line more.
    plugin.crisp.plugin.save_subscription_settings(website_id, plugin.PLUGIN_ID, settings)
    website = plugin.websites.get(website_id)
    if website:
        website["settings"] = settings


judged(
    lambda: {"ready": plugin.loaded.is_set(), "websites": plugin.websites.copy()},
    name="python-plugin",
    version="1.0.0",
    tokens=True,
    start=lambda _: plugin.maintain_websites(),
    save=save,
)
