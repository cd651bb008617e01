"""A plugin that knows no host but Crisp's own: lists its websites with the official client, and says how
many the first page has."""

import os

from crisp_api import Crisp

client = Crisp()
client.set_tier("plugin")
client.authenticate(os.environ["CRISP_IDENTIFIER"], os.environ["CRISP_KEY"])
print(len(client.plugin.list_all_connect_websites(1, 0)), "websites")
