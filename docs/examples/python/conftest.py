import os

import pytest


@pytest.fixture(scope="session")
def gateway():
    """The address of the server that `opensrf-chopchop exec --web-port 0 … -- pytest` has started."""
    if "OSRF_WEB_URL" not in os.environ:
        pytest.exit("run: npx opensrf-chopchop exec --web-port 0 --stubs docs/examples/stubs -- pytest docs/examples/python", 2)
    return os.environ["OSRF_WEB_URL"]
