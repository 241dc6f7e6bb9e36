#include <resilient_redis/resilient_redis.hpp>
#include "check.hpp"
int main(int, char **argv) {
#if RR_EXCEPTIONS
  rr::Client client(argv[1]);
  client.set("a", "1");
  CHECK_EQ(client.get("a"), std::optional<std::string>("1"));
  long long n = client.incr("a");
  CHECK_EQ(n, 2);
  CHECK_EQ(client.command<std::string>("GET", "a").value(), "2");
  CHECK_EQ(client.async().get("a").get().value(), "2");
  auto r = client.pipeline().set("b", "x").get("b").exec();
  CHECK_EQ(r.get<std::string>(1), "x");
  auto e = CAUGHT(rr::ServerError, client.command("LPUSH", "a", "x"));
  CHECK_EQ(e.server_code(), "WRONGTYPE");
#else
  static_cast<void>(argv);
#endif
}
