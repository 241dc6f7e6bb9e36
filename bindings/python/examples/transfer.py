"""A program as redis-py's documentation has it, through an outage in its middle. Nothing but the name of the class is different.

    python transfer.py [URL] [SECONDS]      the thousand writes take so long, so that the server can be killed meanwhile
"""

import sys
import time

from redis.exceptions import WatchError

from resilient_redis import ResilientRedisClient


def transfer(client, source, target, amount):
    """Moves an amount from one account to the other, if it is there."""
    with client.pipeline() as pipe:
        while True:
            try:
                pipe.watch(source, target)
                if int(pipe.get(source) or 0) < amount:
                    pipe.unwatch()
                    return False
                pipe.multi()
                pipe.decrby(source, amount)
                pipe.incrby(target, amount)
                pipe.execute()
                return True
            except WatchError:
                continue  # somebody else changed an account, or the connection was lost: look again


def main():
    url = sys.argv[1] if len(sys.argv) > 1 else "redis://127.0.0.1:6379/0"
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 0
    client = ResilientRedisClient.from_url(url, reconnect_tries=5, reconnect_interval_seconds=30, buffer_commands=True)

    client.set("greeting", "hello")
    print("greeting:", client.get("greeting"))

    with client.pipeline() as pipe:
        pipe.set("first", 1)
        pipe.set("second", 2)
        pipe.incr("visits")
        print("pipeline:", pipe.execute())

    most = 0
    for number in range(1000):
        client.set(f"key:{number}", number)
        most = max(most, client.get_buffer_size())
        time.sleep(seconds / 1000)
    print("most in the buffer:", most)
    print("buffer:", client.get_buffer_size())

    client.set("account:a", 100)
    client.set("account:b", 0)
    print("transferred:", transfer(client, "account:a", "account:b", 30))
    print("accounts:", int(client.get("account:a")), int(client.get("account:b")))
    client.close()


if __name__ == "__main__":
    main()
