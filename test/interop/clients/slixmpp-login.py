"""slixmpp (Python): logs in by one mechanism, over STARTTLS, direct TLS or neither, sends a message to an echo and one to an absent JID, and prints the answers,
over reconnections too.

usage: slixmpp-login.py PORT DOMAIN ECHO-JID ABSENT-JID plain|starttls|tls MECHANISM
"""
import asyncio
import ssl
import sys

import slixmpp

port, domain, echo, absent, encryption, mechanism = int(sys.argv[1]), *sys.argv[2:7]


class Client(slixmpp.ClientXMPP):
    def __init__(self):
        super().__init__(f"opensrf@{domain}/client", "password", sasl_mech=mechanism)
        self["feature_mechanisms"].unencrypted_plain = True
        self["feature_mechanisms"].unencrypted_scram = True
        self.times = 0
        self.stopping = False
        self.add_event_handler("session_start", self.start)
        self.add_event_handler("message", self.heard)
        self.add_event_handler("failed_auth", lambda _: print("failed: login", flush=True))
        self.add_event_handler("disconnected", self.cut_off)

    def get_ssl_context(self):
        # The server's certificate is its own.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def go(self):
        self.connect(("127.0.0.1", port), use_ssl=encryption == "tls", disable_starttls=encryption != "starttls")

    async def start(self, _):
        self.times += 1
        print(f"online as {self.boundjid.full}, {self.times}", flush=True)
        if self.times == 1:
            self.send_message(mto=echo, mbody="grüße & <b>", mtype="chat")
            self.send_message(mto=absent, mbody="anybody there?", mtype="chat")

    def heard(self, message):
        what = message["error"]["condition"] if message["type"] == "error" else message["body"]
        print(f"{message['type']} from {message['from']}: {what}", flush=True)
        if what == "stop":
            self.stopping = True
            self.disconnect()

    def cut_off(self, _):
        if self.stopping:
            asyncio.get_event_loop().stop()
        else:
            asyncio.get_event_loop().call_later(0.05, self.go)


client = Client()
client.go()
asyncio.get_event_loop().run_forever()
