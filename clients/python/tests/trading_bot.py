"""The bot of `test_trading_day.py`: it trades a compressed day, keeps its own log, and is killed at any moment.

What the broker did stands in the broker's file, which is synced before anybody is told, as a broker's own books are; what the
bot has done with it and is durable it notes in its log. When it starts it says what it found, and holds that against both.
"""

from __future__ import annotations

import json
import os
import random
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import stateloft

SYMBOLS = ("BTC/USD", "SPXW  261218C05000000", "EURUSD")
CAPITAL = Decimal("100000.10")


def lines(path: Path) -> list[dict[str, Any]]:
    """What was written whole. A last line that was cut was never acknowledged."""
    whole = path.read_text().split("\n")[:-1]
    return [json.loads(line) for line in whole]


class File:
    """A file of lines, each synced before the call returns."""

    def __init__(self, path: Path) -> None:
        text = path.read_bytes()
        if not text.endswith(b"\n"):  # cut by the last kill
            path.write_bytes(text[: text.rfind(b"\n") + 1])
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND)

    def add(self, **line: Any) -> None:
        os.write(self._handle, (json.dumps(line) + "\n").encode())
        os.fsync(self._handle)


class Broker:
    """Fills orders, each once by its client id, and lists what is held by symbol."""

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, File(path)

    def fills(self) -> list[dict[str, Any]]:
        return lines(self._path)

    def order(self, client_order_id: str, symbol: str, side: str, quantity: str, price: str, **closes: str) -> None:
        if all(each["client_order_id"] != client_order_id for each in self.fills()):
            fill = {"client_order_id": client_order_id, "symbol": symbol, "side": side, "quantity": quantity, "price": price}
            self._file.add(**fill, **closes)

    def positions(self) -> list[dict[str, Any]]:
        held: dict[str, Decimal] = {}
        for each in self.fills():
            way = 1 if each["side"] == "buy" else -1
            held[each["symbol"]] = held.get(each["symbol"], Decimal(0)) + way * Decimal(each["quantity"])
        return [
            {"symbol": symbol, "side": "long" if much > 0 else "short", "quantity": str(abs(much))}
            for symbol, much in held.items()
            if much
        ]


class Bot:
    def __init__(self, run: stateloft.Run, folder: Path, chance: random.Random) -> None:
        self.run, self.chance = run, chance
        self.log, self.broker = File(folder / "log"), Broker(folder / "broker")
        self.equity = run.state("portfolio", f"{run.program}/equity", {"realised": Decimal(0), "trades": 0}, interval=3600)

    def recover(self) -> None:
        """What the broker has done and was not taken in before the kill is taken in now, once."""
        for fill in self.broker.fills():
            self.take_in(fill)
        with self.run.asking_broker() as asked:
            asked.positions = self.broker.positions()
        report = self.run.reconcile(asked, shape="plain")
        assert not [row for row in report.rows if row.verdict not in ("matched", "unknown")], report.rows

    def take_in(self, fill: dict[str, Any]) -> None:
        """A fill becomes a lot, or the end of one; whatever of it was done before is not done again."""
        order, symbol = fill["client_order_id"], fill["symbol"]
        with self.run.caused_by(order):
            if "closes" not in fill:
                way = "long" if fill["side"] == "buy" else "short"
                self.run.positions.open(symbol, order, side=way, quantity=fill["quantity"], price=fill["price"])
                self.log.add(opened=order)
            else:
                self.run.positions.close(
                    symbol, fill["closes"], quantity=fill["quantity"], price=fill["price"], order=order, why="take_profit_hit"
                )
                self.log.add(closed=order)
        self.sum_up()

    def sum_up(self) -> None:
        """The equity follows from the lots, so it is the same however often it is summed up."""
        won = [lot.pnl for lot in self.run.positions.lots() if lot.pnl is not None]
        realised = {"realised": sum(won, Decimal(0)), "trades": len(won)}
        if dict(self.equity) != realised:
            # Killed in between it is logged once more by the next start, which comes to the same.
            self.log.add(equity=str(realised["realised"]), trades=realised["trades"])
            self.equity.replace(realised, "trade")

    def step(self) -> None:
        """One look at the market."""
        number = len(self.broker.fills()) + 1
        held = self.run.positions.held()
        order = f"o-{number}"
        price = f"{self.chance.randrange(1, 10**9)}e-4"
        if held and self.chance.random() < 0.5:
            lot = self.chance.choice(held)
            part = lot.quantity if self.chance.random() < 0.6 else lot.quantity / 2
            side = "sell" if lot.side == "long" else "buy"
            order_ = {"symbol": str(lot.symbol), "side": side, "quantity": str(part), "price": price, "closes": lot.id}
        else:
            quantity = f"{self.chance.randrange(1, 4000)}e-3"
            side = self.chance.choice(("buy", "sell"))
            order_ = {"symbol": self.chance.choice(SYMBOLS), "side": side, "quantity": quantity, "price": price}
        self.run.orders.sending(order, **{name: each for name, each in order_.items() if name in ("symbol", "side", "quantity")})
        self.broker.order(order, **order_)
        self.run.orders.said({"client_order_id": order, "id": f"b-{number}", "status": "filled", "filled_qty": order_["quantity"]})
        self.take_in(self.broker.fills()[-1])


def main(server: str, folder: str, seed: str) -> None:
    here = Path(folder)
    client = stateloft.Client(server, author="day-bot")
    with stateloft.run("day", client=client, lease=3, wait=120, capital=CAPITAL) as run:
        bot = Bot(run, here, random.Random(int(seed)))
        before = [] if run.left is None else [run.left.run_id, run.left.status]
        said = sorted(f"{kind}/{name}" for kind, name in run.resume())
        lots = sorted(f"{lot.id}:{lot.quantity}:{lot.status}" for lot in run.positions.lots())
        print(json.dumps({"run": run.run_id, "outcome": run.outcome, "left": before, "resume": said, "lots": lots}), flush=True)
        bot.recover()
        try:
            while run.held:
                bot.step()
                print("step", flush=True)
        finally:
            run.final_value = CAPITAL + bot.equity["realised"]


if __name__ == "__main__":
    main(*sys.argv[1:])
