// The hello server with Boost.Asio: callbacks, one io_context, as many threads as asked for, a timer for clients that go
// quiet, as the other servers have.  bench_http_asio PORT THREADS
#include <utility>  // before asio: 1.74 forgets it

#include <boost/asio.hpp>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr char kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 6\r\n\r\nhello\n";
constexpr std::size_t kMost = 8192;
constexpr auto kQuiet = std::chrono::seconds(30);

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : socket_(std::move(socket)), quiet_(socket_.get_executor()) {}
  void read() {
    quiet_.expires_after(kQuiet);
    quiet_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->socket_.cancel();
    });
    socket_.async_read_some(asio::buffer(buf_ + have_, kMost - have_),
                            [self = shared_from_this()](const boost::system::error_code& error, std::size_t n) {
                              if (!error) return self->got(n);
                              self->quiet_.cancel();
                            });
  }

 private:
  void got(std::size_t n) {
    have_ += n;
    const auto* end = static_cast<const char*>(memmem(buf_, have_, "\r\n\r\n", 4));
    if (end == nullptr) return have_ < kMost ? read() : void(quiet_.cancel());
    const auto len = static_cast<std::size_t>(end - buf_) + 4;
    std::memmove(buf_, buf_ + len, have_ - len);
    have_ -= len;
    asio::async_write(socket_, asio::buffer(kAnswer, sizeof kAnswer - 1),
                      [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                        if (error) return void(self->quiet_.cancel());
                        self->have_ != 0 ? self->got(0) : self->read();
                      });
  }

  tcp::socket socket_;
  asio::steady_timer quiet_;
  char buf_[kMost];
  std::size_t have_ = 0;
};

void accept(tcp::acceptor& acceptor, asio::io_context& context, bool strands) {
  auto made = [&, strands](const boost::system::error_code& error, tcp::socket socket) {
    if (!error) {
      socket.set_option(tcp::no_delay(true));
      std::make_shared<Session>(std::move(socket))->read();
    }
    accept(acceptor, context, strands);
  };
  strands ? acceptor.async_accept(asio::make_strand(context), made) : acceptor.async_accept(context, made);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  const int threads = std::atoi(argv[2]);
  asio::io_context context(threads);
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), static_cast<unsigned short>(std::atoi(argv[1]))});
  accept(acceptor, context, threads > 1);  // the timer and the socket of a session may not run at once
  std::vector<std::thread> more;
  for (int i = 1; i < threads; ++i) more.emplace_back([&] { context.run(); });
  context.run();
}
