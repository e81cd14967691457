"""Wrong passwords are counted per account and per address, and a proxy is nobody's address."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from smartscope.client_address import client_address
from smartscope.environment import BadEnvironment, networks
from smartscope.models import SignInTries
from smartscope.operations.sign_in_tries import FORGOTTEN_AFTER, TRIES, WINDOW, may_try

PROXY = "10.0.0.2"


@pytest.fixture(autouse=True)
def _behind_a_proxy(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/24")]


def attempt(account: str, *, told: str, peer: str = PROXY, said: str = "open up") -> int:
    """The status of one try to sign in."""
    body = {"username": account, "password": said}
    answer = Client().post("/login", body, REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=told)
    return answer.status_code


def test_one_address_that_guesses_does_not_lock_out_the_others(db: None) -> None:
    User.objects.create_user("mira", password="a long enough sentence")
    for n in range(5):
        assert attempt(f"guess-{n}", told="192.0.2.7") == 200
    assert attempt("guess-9", told="192.0.2.7") == 429
    assert attempt("mira", told="192.0.2.8", said="a long enough sentence") == 302


def test_one_account_that_is_guessed_from_many_addresses_is_closed_for_a_while(db: None) -> None:
    for n in range(5):
        assert attempt("mira", told=f"192.0.2.{n}") == 200
    assert attempt("mira", told="192.0.2.99") == 429
    assert attempt("ito", told="192.0.2.99") == 200


def test_what_a_client_writes_about_itself_is_not_believed(db: None) -> None:
    for n in range(5):
        assert attempt(f"guess-{n}", told=f"203.0.113.{n}", peer="192.0.2.7") == 200
    assert attempt("guess-9", told="203.0.113.9", peer="192.0.2.7") == 429
    for n in range(5):
        assert attempt(f"again-{n}", told=f"203.0.113.{n}, 192.0.2.8") == 200
    assert attempt("again-9", told="203.0.113.9, 192.0.2.8") == 429


@pytest.fixture
def no_cache(settings: Settings) -> None:
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    }


def test_a_lost_cache_opens_no_door(db: None, no_cache: None) -> None:
    right = "a long enough sentence"
    User.objects.create_user("mira", password=right)
    for n in range(5):
        assert attempt("mira", told=f"192.0.2.{n}") == 200
    assert attempt("mira", told="192.0.2.99", said=right) == 429, "not even with the right one"
    began = timezone.now() - WINDOW
    SignInTries.objects.update(began_at=began)
    assert attempt("mira", told="192.0.2.99", said=right) == 302


def test_an_address_is_counted_without_the_cache_too(db: None, no_cache: None) -> None:
    right = "a long enough sentence"
    User.objects.create_user("mira", password=right)
    for n in range(5):
        assert attempt(f"guess-{n}", told="192.0.2.7") == 200
    assert attempt("mira", told="192.0.2.7", said=right) == 429
    assert attempt("mira", told="192.0.2.8", said=right) == 302


def test_who_signs_in_rightly_is_never_kept_out(db: None, no_cache: None) -> None:
    right = "a long enough sentence"
    User.objects.create_user("mira", password=right)
    assert [attempt("mira", told="192.0.2.7", said=right) for _ in range(8)] == [302] * 8
    assert not SignInTries.objects.exclude(tries=0).exists()


def test_tries_are_kept_as_digests_and_forgotten(db: None) -> None:
    long_ago = timezone.now() - FORGOTTEN_AFTER - WINDOW
    assert may_try(["account:mira"], long_ago)
    (key,) = SignInTries.objects.values_list("key", flat=True)
    assert "mira" not in key
    assert may_try(["account:ito"], timezone.now())
    assert not SignInTries.objects.filter(pk=key).exists()


@pytest.mark.django_db(transaction=True)
def test_many_tries_at_once_are_no_way_around_it() -> None:
    now = timezone.now()

    def one(_number: int) -> bool:
        try:
            return may_try(["account:mira", "from:192.0.2.7"], now)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        granted = list(pool.map(one, range(24)))
    assert sum(granted) == TRIES


@pytest.mark.parametrize(
    ("peer", "told", "client"),
    [
        ("192.0.2.7", "", "192.0.2.7"),
        (PROXY, "192.0.2.7", "192.0.2.7"),
        (PROXY, "203.0.113.1, 192.0.2.7, 10.0.0.9", "192.0.2.7"),
        (PROXY, "192.0.2.7:4711", "192.0.2.7"),
        (PROXY, "[2001:db8:1:2:3:4:5:6]:4711", "2001:db8:1:2::/64"),
        (PROXY, "::ffff:192.0.2.7", "192.0.2.7"),
        (PROXY, "", PROXY),
        (PROXY, "nonsense", PROXY),
        ("", "203.0.113.1, 192.0.2.7", "192.0.2.7"),
        ("", "", ""),
    ],
)
def test_the_address_is_the_last_hop_that_is_not_ours(peer: str, told: str, client: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=told)
    assert client_address(request) == client


def test_a_proxy_that_is_no_network_stops_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTSCOPE_TRUSTED_PROXIES", "10.0.0.2, 2001:db8::/32")
    assert networks("SMARTSCOPE_TRUSTED_PROXIES") == [
        ip_network("10.0.0.2/32"),
        ip_network("2001:db8::/32"),
    ]
    monkeypatch.setenv("SMARTSCOPE_TRUSTED_PROXIES", "proxy.example.org")
    with pytest.raises(BadEnvironment, match="SMARTSCOPE_TRUSTED_PROXIES"):
        networks("SMARTSCOPE_TRUSTED_PROXIES")
