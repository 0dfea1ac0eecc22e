extension BrokerURL {
  /// The nodes of one broker: URLs separated by commas, tried in this order.
  public static func nodes(
    parsing text: String, files: TLS? = nil
  ) throws(BrokerError) -> [BrokerURL] {
    var nodes: [BrokerURL] = []
    for part in parts(of: text) { nodes.append(try BrokerURL(parsing: part, files: files)) }
    return nodes
  }

  /// Each URL as text. A comma separates only where another URL begins: a password may hold one.
  public static func parts(of text: String) -> [String] {
    var parts: [String] = []
    for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
      let start = piece.lowercased()
      if parts.isEmpty || start.hasPrefix("amqp://") || start.hasPrefix("amqps://") {
        parts.append(String(piece))
      } else {
        parts[parts.count - 1] += ",\(piece)"
      }
    }
    return parts
  }
}
