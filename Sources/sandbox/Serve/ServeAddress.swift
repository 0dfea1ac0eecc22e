import ArgumentParser

/// `127.0.0.1:12111`, `[::1]:12111` or `localhost:0` (0: the system chooses a free port).
struct ServeAddress: ExpressibleByArgument, Sendable {
  var host: String
  var port: Int

  init?(argument: String) {
    guard let colon = argument.lastIndex(of: ":"),
      let port = Int(argument[argument.index(after: colon)...]), (0...65_535).contains(port)
    else { return nil }
    var host = String(argument[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard !host.isEmpty else { return nil }
    self.host = host
    self.port = port
  }

  var defaultValueDescription: String { "\(host):\(port)" }
}
