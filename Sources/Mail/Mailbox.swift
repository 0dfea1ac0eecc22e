import Billing

/// An e-mail address with an optional name for people to read.
public struct Mailbox: Sendable, Equatable {
  let name: String
  let address: String

  init(name: String, address: String) {
    self.name = name
    self.address = address
  }

  /// Reads `billing@example.com` or `Example Cloud <billing@example.com>`. `nil` when the address
  /// is not one.
  public init?(_ text: String) {
    if let open = text.lastIndex(of: "<"), text.last == ">" {
      address = String(text[text.index(after: open)...].dropLast())
      name = String(text[..<open].reversed().drop { $0 == " " }.reversed())
    } else {
      address = text
      name = ""
    }
    guard EmailAddress.isAddress(address) else { return nil }
  }
}
