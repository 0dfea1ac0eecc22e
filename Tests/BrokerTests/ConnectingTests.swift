import Glibc
import Testing

@testable import Broker

extension BrokerSuite {
  @Suite(
    "Connecting to RabbitMQ",
    .enabled(if: TestEnvironment.brokerURL != nil, TestEnvironment.noBroker))
  struct Connecting {
    private func connect(_ url: BrokerURL, _ options: BrokerOptions = .init()) async throws {
      let broker = try await RabbitMQBroker.connect(
        url, name: "test", options: options, logger: .test)
      await broker.close()
    }

    @Test
    func `A wrong password is a refused login`() async throws {
      var url = try TestEnvironment.url()
      url.password = "wrong"
      await #expect(throws: BrokerError.refusedLogin(user: url.user, host: url.host)) {
        try await connect(url)
      }
    }

    @Test
    func `An unknown virtual host is named`() async throws {
      var url = try TestEnvironment.url()
      url.virtualHost = "nowhere"
      await #expect(throws: BrokerError.noVirtualHost("nowhere")) { try await connect(url) }
    }
  }

  /// These need no broker.
  @Suite("Connecting to something else")
  struct ConnectingElsewhere {
    private var quick: BrokerOptions {
      var options = BrokerOptions()
      options.connectTimeout = .milliseconds(300)
      return options
    }

    private func failure(_ port: Int) async -> BrokerError? {
      do {
        let url = try BrokerURL(parsing: "amqp://u:p@127.0.0.1:\(port)/")
        _ = try await RabbitMQBroker.connect(url, name: "test", options: quick, logger: .test)
        return nil
      } catch {
        return error as? BrokerError
      }
    }

    @Test
    func `A closed port is unreachable and says so`() async throws {
      let (listener, port) = listenOnLoopback()
      close(listener)
      let expected = BrokerError.unreachable(
        host: "127.0.0.1", port: port, why: "connection refused (errno 111)")
      #expect(await failure(port) == expected)
    }

    @Test
    func `A socket that never answers ends at the deadline`() async throws {
      let (listener, port) = listenOnLoopback()
      defer { close(listener) }
      let start = ContinuousClock.now
      let expected = BrokerError.timedOut(
        "the handshake with 127.0.0.1:\(port), after 0.3 seconds")
      #expect(await failure(port) == expected)
      #expect(ContinuousClock.now - start < .seconds(1))
    }

    @Test
    func `A host that does not exist is unreachable`() async throws {
      let url = try BrokerURL(parsing: "amqp://u:p@no-such-host.invalid/")
      await #expect(throws: BrokerError.self) {
        _ = try await RabbitMQBroker.connect(url, name: "test", options: quick, logger: .test)
      }
    }

    @Test
    func `An unreadable certificate file is named`() async throws {
      let url = try BrokerURL(parsing: "amqps://u:p@127.0.0.1/?cacertfile=/nowhere/ca.pem")
      await #expect(
        throws: BrokerError.badURL("cacertfile /nowhere/ca.pem cannot be read as PEM certificates")
      ) {
        _ = try await RabbitMQBroker.connect(url, name: "test", options: quick, logger: .test)
      }
    }
  }
}
