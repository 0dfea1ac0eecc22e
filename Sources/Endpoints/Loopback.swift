/// Which hosts are this machine: the only ones that may be spoken to without TLS unless the
/// operator allowed it by name. The rule is the same for the broker, the gateway, the mail server
/// and PostgreSQL.
///
/// Taken are `localhost`, `::1` and `127.…` in full, as four numbers. Any other spelling counts as
/// another machine, even one that a resolver may read as the same address (`127.1`, `LOCALHOST`,
/// `::ffff:127.0.0.1`): what a host stands for must not depend on who reads it.
public enum Loopback {
  /// `host`: as in a URL, without the brackets of an IPv6 address.
  public static func contains(_ host: String) -> Bool {
    if host == "localhost" || host == "::1" { return true }
    let parts = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0].elementsEqual("127".utf8) && parts.allSatisfy(isNumber)
  }

  /// 0 to 255 without leading zeros, which some take for octal.
  private static func isNumber(_ digits: Substring.UTF8View) -> Bool {
    guard 1...3 ~= digits.count, digits.allSatisfy({ 0x30...0x39 ~= $0 }),
      digits.count == 1 || digits.first != 0x30
    else { return false }
    return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } <= 255
  }
}
