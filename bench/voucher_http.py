"""Exchanges and redemptions over HTTP: residents' phones and merchants' phones ask as `tanhui serve` answers them.

A third of the exchanges is of one hot offer; then the same vouchers are redeemed by a hundred phones of ten merchants.
Client, web server and PostgreSQL share the cores. Every hand asks again as soon as it is answered, over a lasting
connection. Compared in the same run with commits of one row.
Run: `python -m bench.voucher_http [--hands 8] [--seconds 15] [--workers 2]`.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import quantiles

from bench.intake_http import web_server
from bench.machine import database, describe
from bench.voucher_exchange import AT, MERCHANTS, OFFERS, prepare, prove, together

PHONES = 10
Request = Callable[[int], tuple[str, str, dict[str, str]]]
"""The number of a request → further lines of its head, token, content."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hands", type=int, default=8, help="connections that ask at once")
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--workers", type=int, default=2, help="processes of the web server")
    arguments = parser.parse_args()
    print(f"{describe()} · load {os.getloadavg()[0]:.1f}")
    with database() as url:
        world = prepare()
        together("commits of one row", world, arguments.workers, arguments.seconds / 3)
        residents = resident_tokens(world["people"])
        phones = [phone for each in world["tills"] for phone in merchant_phones(each)]
        with web_server(url, arguments.workers) as port:
            exchange = exchanging(world["offers"], residents)
            ask("warming up", port, "/api/v1/resident/vouchers", exchange, 201, arguments.hands, 2, first=10**9)
            vouchers = ask(
                "exchanges", port, "/api/v1/resident/vouchers", exchange, 201, arguments.hands, arguments.seconds
            )
            codes = [each["code"] for each in vouchers]
            path = "/api/v1/merchant/redemptions"
            redeem = redeeming(codes, phones)
            done = ask("redemptions", port, path, redeem, 200, arguments.hands, arguments.seconds, most=len(codes))
            assert {each["outcome"] for each in done} == {"redeemed"}
        prove()


def resident_tokens(people: list[int]) -> list[str]:
    """A token for each."""
    from tanhui.api.tokens import issue
    from tanhui.parties import queries

    return [issue(ref, at=AT).text for ref in queries.parties(people).values()]


def merchant_phones(till: dict[str, object]) -> list[str]:
    """Tokens of the phones of a till."""
    from tanhui.rewards import services
    from tanhui.rewards.types import DeviceEntry, DeviceInvite

    merchant, shop, user = str(till["merchant"]), str(till["shop"]), int(str(till["user"]))
    invited = [DeviceInvite(merchant, shop, user, f"虚构手机{n}") for n in range(PHONES)]
    return [services.admit(details=DeviceEntry(services.admit(details=one, at=AT)), at=AT) for one in invited]


def exchanging(offers: list[str], tokens: list[str]) -> Request:
    """A third of the hot offer, the rest of the others."""

    def request(number: int) -> tuple[str, dict[str, str]]:
        offer = offers[0] if number % 3 == 0 else offers[1 + number % (OFFERS - 1)]
        return tokens[number * 7 % len(tokens)], {"offer": offer}

    return lambda number: (f"Idempotency-Key: {number}\r\n", *request(number))


def redeeming(codes: list[str], phones: list[str]) -> Request:
    """Each voucher once, at one merchant after the other."""

    def request(number: int) -> tuple[str, str, dict[str, str]]:
        phone = phones[number % MERCHANTS * PHONES + number // MERCHANTS % PHONES]
        return "", phone, {"code": codes[number], "nonce": f"nonce-{number:09d}"}

    return request


def ask(
    what: str,
    port: int,
    path: str,
    request: Request,
    expected: int,
    hands: int,
    seconds: float,
    *,
    first: int = 0,
    most: int = 10**9,
) -> list[dict[str, str]]:
    """Ask with all hands until the time is over; prints the rate and gives the answers."""
    begins = time.perf_counter()

    def one(hand: int) -> tuple[list[float], list[dict[str, str]]]:
        took, answers = [], []
        with socket.create_connection(("127.0.0.1", port), timeout=30) as phone:
            phone.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for number in range(hand, most, hands):
                began = time.perf_counter()
                if began > begins + seconds:
                    break
                status, content = send(phone, path, *request(first + number))
                took.append(time.perf_counter() - began)
                if status != expected:
                    raise RuntimeError(f"status {status}: {content[:300].decode()}")
                answers.append(content)
        return took, [json.loads(each) for each in answers]

    with ThreadPoolExecutor(hands) as pool:
        done = list(pool.map(one, range(hands)))
        took = [each for times, _ in done for each in times]
    spent = max(sum(times) for times, _ in done)
    cuts = quantiles(took, n=100)
    print(
        f"{what}, {hands} hands: {len(took) / spent:,.0f}/s, median {cuts[49] * 1000:.1f} ms,"
        f" p99 {cuts[98] * 1000:.1f} ms ({len(took):,} in all, load {os.getloadavg()[0]:.1f})",
        flush=True,
    )
    return [answer for _, answers in done for answer in answers]


def send(phone: socket.socket, path: str, head: str, token: str, content: dict[str, str]) -> tuple[int, bytes]:
    """One request and its answer over a lasting connection; as little of HTTP as that needs."""
    body = json.dumps(content).encode()
    phone.sendall(
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"{head}Authorization: Bearer {token}\r\n\r\n".encode()
        + body
    )
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += received(phone)
    top, _, rest = answer.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in top.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(rest) < length:
        rest += received(phone)
    return int(top[9:12]), rest


def received(phone: socket.socket) -> bytes:
    """What came. Raises RuntimeError where the server hung up."""
    part = phone.recv(65536)
    if not part:
        raise RuntimeError("the web server hung up")
    return part


if __name__ == "__main__":
    main()
