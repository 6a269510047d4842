"""Ports: a taken one is an error that names the process to stop."""

import os
import socket
import sys

import pytest

from flows.process_guard import free_port
from flows.schedule.ports import PortTaken, require_free_port


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_taken_port_names_its_holder(address: str) -> None:
    """Without the holder, the user looks for it by hand, or joins the nights of another home."""
    with socket.socket() as holder:
        holder.bind((address, 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(PortTaken) as refused:
            require_free_port("127.0.0.1", port)
    words = str(refused.value)
    assert f"port {port}" in words and f"process {os.getpid()}" in words and sys.executable in words
    require_free_port("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused() -> None:
    """A mistyped --host must not end in a server without users."""
    with pytest.raises(PortTaken, match=r"192\.0\.2\.1"):
        require_free_port("192.0.2.1", free_port())
    with pytest.raises(PortTaken, match=r"no\.such\.host\.invalid"):
        require_free_port("no.such.host.invalid", free_port())
