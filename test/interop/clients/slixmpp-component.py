"""slixmpp (Python) as a component: sends a message to an echo and one to an absent JID, and prints the answers.

usage: slixmpp-component.py PORT DOMAIN SECRET ECHO-JID ABSENT-JID
"""
import asyncio
import sys

import slixmpp

port, domain, secret, echo, absent = int(sys.argv[1]), *sys.argv[2:6]


class Component(slixmpp.ComponentXMPP):
    def __init__(self):
        super().__init__(domain, secret, "127.0.0.1", port)
        self.stopped = asyncio.get_event_loop().create_future()
        self.add_event_handler("session_start", self.start)
        self.add_event_handler("message", self.heard)
        self.add_event_handler("stream_error", self.refused)

    def start(self, _):
        print("online as", self.boundjid.full, flush=True)
        self.send_message(mfrom=f"room@{domain}/nick", mto=echo, mbody="grüße & <b>", mtype="normal")
        self.send_message(mfrom=domain, mto=absent, mbody="anybody there?", mtype="normal")

    def heard(self, message):
        if message["type"] == "error":
            print(f"error from {message['from']}: {condition(message)}", flush=True)
        else:
            print(f"{message['type']} from {message['from']} to {message['to']}: {message['body']}", flush=True)
        if message["body"] == "stop":
            self.disconnect()
            self.stopped.set_result(None)

    def refused(self, error):
        print("failed:", error["condition"], flush=True)
        self.abort()
        if not self.stopped.done():
            self.stopped.set_result(None)


def condition(message):
    """slixmpp looks for <error> in jabber:client alone, which a component's stream is not."""
    return next(element.tag.split("}")[1] for element in message.xml.iter() if element.tag.startswith("{urn:ietf:params:xml:ns:xmpp-stanzas}"))


component = Component()
component.connect()
asyncio.get_event_loop().run_until_complete(asyncio.wait_for(component.stopped, 15))
