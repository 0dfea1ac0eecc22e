import ArgumentParser

/// `sandbox proxy`: a bad line between two programs.
struct ProxyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxy",
    abstract: "Proxy between a client and a server that delays, cuts or swallows data on demand.",
    discussion: """
      Prints its addresses to standard error. Control interface, on --control; bodies are JSON:

        GET  /   the mode, the open connections, and counts for each mode: connections,
                 hits, bytes to_server and to_client, bytes swallowed
        POST /   {"mode": MODE, "way": "to_server"|"to_client", "ms": N, "bytes": N}

      Modes apply to open and to new connections:

      \(modes)

      A connection that lost bytes during a silence is reset when the silence ends.
      """)

  @Option(help: "Address and port; port 0 lets the system choose one.")
  var listen: ServeAddress

  @Option(help: "Address and port of the server behind the proxy.")
  var to: ServeAddress

  @Option(help: "Address and port of the control interface; loopback only, since it needs no key.")
  var control: ServeAddress

  func run() async throws {
    let proxy: ProxyServer
    do {
      proxy = try await ProxyServer.start(listen: listen, to: to)
    } catch {
      throw Stop(sentence: "cannot listen on \(listen.host):\(listen.port): \(error)")
    }
    let place = "\(listen.host):\(proxy.port) to \(to.host):\(to.port)"
    let door = ProxyControl(proxy: proxy, listen: control) { [host = control.host] port in
      say("proxy \(place), control \(host):\(port)")
    }
    do {
      try await untilToldToStop { try await door.run() }
    } catch {
      throw Stop(sentence: "cannot listen on \(control.host):\(control.port): \(error)")
    }
    try await proxy.stop()
  }

  private static var modes: String {
    ProxyMode.Kind.allCases.map { kind in
      let name = kind.rawValue + String(repeating: " ", count: max(1, 12 - kind.rawValue.count))
      return "  \(name)\(kind.help)"
    }.joined(separator: "\n")
  }
}
