import pytest
from basket import Basket, GatewayError, request


def test_a_basket_adds_its_prices_by_opensrf_math(gateway):
    assert Basket(gateway).put(2).put(2).total() == 4


def test_an_error_status_of_the_service_is_raised(gateway):
    with pytest.raises(GatewayError, match="^400 .*nothing can be divided by zero"):
        Basket(gateway).put(7).share(0)


def test_so_is_a_service_that_is_not_there(gateway):
    with pytest.raises(GatewayError, match="^404 "):
        request(gateway, "opensrf.absent", "method")
