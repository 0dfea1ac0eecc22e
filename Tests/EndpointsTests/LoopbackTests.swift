import Endpoints
import Testing

@Suite struct LoopbackTests {
  static let hosts: [(host: String, isLoopback: Bool)] = [
    ("localhost", true), ("127.0.0.1", true), ("127.0.0.0", true), ("127.1.2.3", true),
    ("127.255.255.255", true), ("::1", true),
    // Names that a resolver may take for it.
    ("localhost.", false), ("LOCALHOST", false), ("localhost.localdomain", false),
    ("localhost.example.com", false), ("127.0.0.1.example.com", false), ("127.evil.example", false),
    // Other spellings of addresses.
    ("127.1", false), ("127.0.1", false), ("127", false), ("127.", false), ("127.0.0.1.", false),
    ("127.0..1", false), ("127..0.0.1", false), ("127.0.0.256", false), ("127.0.0.01", false),
    ("127.0.0.+1", false), ("127.0.0.1.5", false), ("0127.0.0.1", false), ("0x7f.0.0.1", false),
    ("2130706433", false), ("127.0.0.１", false), (" 127.0.0.1", false), ("127.0.0.1%lo", false),
    ("[::1]", false), ("::ffff:127.0.0.1", false), ("0:0:0:0:0:0:0:1", false), ("::1%lo", false),
    // Other machines, every interface, and what is no host.
    ("0.0.0.0", false), ("::", false), ("10.0.0.5", false), ("128.0.0.1", false), ("", false),
    ("/run/postgresql", false), ("@socket", false),
  ]

  @Test(arguments: hosts)
  func `Only this machine is loopback`(_ host: String, _ isLoopback: Bool) {
    #expect(Loopback.contains(host) == isLoopback)
  }
}
