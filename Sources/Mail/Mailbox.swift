import Billing

/// An e-mail address with an optional name for people to read.
public struct Mailbox: Sendable, Equatable {
  let name: String
  let address: EmailAddress

  init(name: String, address: EmailAddress) {
    self.name = name
    self.address = address
  }

  /// Reads `billing@example.com` or `Example Cloud <billing@example.com>`. `nil` when the address
  /// is not one.
  public init?(_ text: String) {
    let bare: String
    if let open = text.lastIndex(of: "<"), text.last == ">" {
      bare = String(text[text.index(after: open)...].dropLast())
      name = String(text[..<open].reversed().drop { $0 == " " }.reversed())
    } else {
      bare = text
      name = ""
    }
    guard let address = EmailAddress(bare) else { return nil }
    self.address = address
  }
}
