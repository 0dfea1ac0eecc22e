import Testing

@testable import Broker

@Suite("The broker's URL")
struct BrokerURLTests {
  @Test
  func `The parts, decoded, with their defaults`() throws {
    let plain = try BrokerURL(parsing: "amqp://guest:guest@127.0.0.1:5672/")
    #expect((plain.host, plain.port, plain.virtualHost) == ("127.0.0.1", 5672, "/"))
    #expect(plain.tls == nil)
    let full = try BrokerURL(
      parsing:
        "amqps://m%40x:p%2Fw%3a@broker.example/close%2Fone"
        + "?cacertfile=/a%20b.pem&certfile=c&keyfile=k"
    )
    #expect((full.user, full.password) == ("m@x", "p/w:"))
    #expect((full.host, full.port, full.virtualHost) == ("broker.example", 5671, "close/one"))
    #expect(full.tls == .init(caFile: "/a b.pem", certificateFile: "c", keyFile: "k"))
    let bare = try BrokerURL(parsing: "amqp://broker")
    #expect((bare.user, bare.password, bare.port) == ("guest", "guest", 5672))
    let six = try BrokerURL(parsing: "amqp://[::1]:5673/%2f")
    #expect((six.host, six.port, six.virtualHost) == ("::1", 5673, "/"))
    #expect(try BrokerURL(parsing: "amqp://u:a:b@h").password == "a:b")
    #expect(try BrokerURL(parsing: "amqp://u@h").password == "")
  }

  @Test(arguments: [
    "http://host", "", "amqp://", "amqp://host:0/", "amqp://host:65536", "amqp://u:secret@host:x",
    "amqp://u:se%2cret%zz@h", "amqp://u:secret@h/%ff", "amqp://u:sec/ret@h", "amqp://u:sec?ret@h",
    "amqp://h?cacertfile=x", "amqps://h?secret=x", "amqps://h?certfile=x", "amqp://u:%00@h",
    "amqps://h?auth_mechanism=plain", "amqps://h?auth_mechanism=external", "amqp://u:5#sec@h",
  ])
  func `What cannot be used is refused without repeating the password`(_ text: String) {
    do {
      let url = try BrokerURL(parsing: text)
      Issue.record("taken as \(url)")
    } catch {
      guard case .badURL(let why) = error else {
        Issue.record("found \(error)")
        return
      }
      #expect(!why.contains("sec") && !why.contains("ret@"))
    }
  }

  @Test
  func `Several nodes are separated by commas, which a password may hold`() throws {
    let nodes = try BrokerURL.nodes(parsing: "amqp://u:a,b@one/v,AMQPS://u:c@two:1/v")
    #expect(nodes.map(\.host) == ["one", "two"])
    #expect(nodes.map(\.password) == ["a,b", "c"])
    #expect(nodes.map(\.port) == [5672, 1])
    #expect(throws: BrokerError.self) { try BrokerURL.nodes(parsing: "amqp://a/,amqp://") }
  }

  @Test
  func `Files given beside the URL are for TLS only; those in the URL win`() throws {
    let files = BrokerURL.TLS(caFile: "ca", certificateFile: "c", keyFile: "k")
    let own = try BrokerURL(parsing: "amqps://h?cacertfile=own", files: files)
    #expect(own.tls?.caFile == "own" && own.tls?.keyFile == "k")
    #expect(throws: BrokerError.self) { try BrokerURL(parsing: "amqp://h", files: files) }
    #expect(throws: BrokerError.self) {
      try BrokerURL(parsing: "amqps://h", files: .init(certificateFile: "c"))
    }
    #expect(try BrokerURL(parsing: "amqp://h", files: .init()).tls == nil)
  }

  @Test
  func `The description shows no password`() throws {
    let url = try BrokerURL(parsing: "amqps://u:secret@h:1/v")
    #expect("\(url)" == "amqps://u@h:1/v")
    var dumped = ""
    dump([url], to: &dumped)
    #expect(!dumped.contains("secret") && !String(reflecting: [url]).contains("secret"))
    #expect(!"\(BrokerError.refusedLogin(user: url.user, host: url.host))".contains("secret"))
  }
}
