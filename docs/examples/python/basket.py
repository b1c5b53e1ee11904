"""The program under test: a basket that lets OpenSRF do its sums, through the JSON gateway."""

import json
from urllib.parse import urlencode
from urllib.request import urlopen


class GatewayError(Exception):
    pass


def request(gateway, service, method, *params):
    """Returns the first result of a method. The gateway is the address of the HTTP host."""
    query = [("service", service), ("method", method), *(("param", json.dumps(param)) for param in params)]
    with urlopen(f"{gateway}/osrf-gateway-v1?{urlencode(query)}", timeout=10) as response:
        answer = json.load(response)
    if answer["status"] != 200:
        raise GatewayError(f"{answer['status']} {answer.get('debug', '')}".strip())
    return answer["payload"][0]


class Basket:
    def __init__(self, gateway):
        self.gateway = gateway
        self.prices = []

    def put(self, price):
        self.prices.append(price)
        return self

    def total(self):
        total, *others = self.prices
        for price in others:
            total = request(self.gateway, "opensrf.math", "add", total, price)
        return total

    def share(self, persons):
        return request(self.gateway, "opensrf.math", "divide", self.total(), persons)
