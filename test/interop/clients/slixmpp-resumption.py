"""slixmpp (Python) with XEP-0198: prints stanzas, cuts its own connection on demand, and resumes.

usage: slixmpp-resumption.py PORT DOMAIN
"""
import asyncio
import sys

import slixmpp

port, domain = int(sys.argv[1]), sys.argv[2]


class Client(slixmpp.ClientXMPP):
    def __init__(self):
        super().__init__(f"opensrf@{domain}/resuming", "password")
        self["feature_mechanisms"].unencrypted_plain = True
        self.register_plugin("xep_0198")
        self.stopped = asyncio.get_event_loop().create_future()
        self.add_event_handler("sm_enabled", lambda _: print("online as", self.boundjid.full, flush=True))
        self.add_event_handler("session_resumed", lambda _: print("resumed", flush=True))
        self.add_event_handler("sm_failed", lambda _: print("failed", flush=True))
        self.add_event_handler("message", self.heard)
        self.add_event_handler("disconnected", self.lost)
        self.stopping = False

    def heard(self, message):
        print(message["body"], flush=True)
        if message["body"] == "cut":
            self.transport.abort()
        if message["body"] == "stop":
            self.stopping = True
            self.disconnect()

    def lost(self, _):
        if self.stopping:
            self.stopped.set_result(None)
        else:
            self.connect(("127.0.0.1", port), disable_starttls=True)


client = Client()
client.connect(("127.0.0.1", port), disable_starttls=True)
asyncio.get_event_loop().run_until_complete(asyncio.wait_for(client.stopped, 15))
