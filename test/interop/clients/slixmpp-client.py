"""slixmpp (Python): logs in with SASL PLAIN and resource binding, pings the host, sends one message to an echo and one to an absent JID.

usage: slixmpp-client.py PORT DOMAIN ECHO-JID ABSENT-JID
"""
import asyncio
import sys

import slixmpp

port, domain, echo, absent = int(sys.argv[1]), *sys.argv[2:5]


class Client(slixmpp.ClientXMPP):
    def __init__(self):
        super().__init__(f"opensrf@{domain}/slixmpp", "password")
        self["feature_mechanisms"].unencrypted_plain = True
        self.register_plugin("xep_0030")
        self.register_plugin("xep_0092")
        self.register_plugin("xep_0199")
        self.open = 2
        self.add_event_handler("session_start", self.start)
        self.add_event_handler("message", self.answered)
        self.add_event_handler("failed_auth", lambda _: print("login failed", flush=True))

    async def start(self, _):
        print("logged in as", self.boundjid.full, flush=True)
        self.send_presence()
        await self["xep_0199"].ping(domain, timeout=5)
        print("pong", flush=True)
        version = await self["xep_0092"].get_version(domain)
        print("version of", version["software_version"]["name"], flush=True)
        info = await self["xep_0030"].get_info(jid=domain)
        print("disco", "urn:xmpp:ping" in info["disco_info"]["features"], flush=True)
        self.send_message(mto=echo, mbody="grüße & <b>", mtype="normal")
        self.send_message(mto=absent, mbody="anybody there?", mtype="normal")

    def answered(self, message):
        what = message["error"]["condition"] if message["type"] == "error" else message["body"]
        print(f"{message['type']} from {message['from']}: {what}", flush=True)
        self.open -= 1
        if self.open == 0:
            self.disconnect()


client = Client()
client.connect(("127.0.0.1", port), disable_starttls=True)
asyncio.get_event_loop().run_until_complete(asyncio.wait_for(client.disconnected, 15))
print("done", flush=True)
