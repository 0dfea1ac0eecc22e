import Billing
import Mail
import Payments

extension Simulation {
  /// I11: the attempt and its key are in the ledger before the first byte is sent.
  func checkCall(_ request: ChargeRequest, by process: SimulatedProcess) {
    guard let attempt = witness.attempt(on: request.invoice, number: request.attempt) else {
      return fail(
        "I11",
        "\(process.name) calls for attempt \(request.attempt) on \(request.invoice), "
          + "which is not in the ledger")
    }
    if attempt.amountMinor != request.amountMinor {
      fail("I11", "\(request.key) asks for \(request.amountMinor), not \(attempt.amountMinor)")
    }
    let others = witness.attempts.values.filter {
      $0.invoice == request.invoice && $0.number < request.attempt
    }
    if let open = others.first(where: { $0.state.isUnsettled || $0.state == .declinedHard }) {
      fail("I11", "\(request.key) is sent while attempt \(open.number) is \(open.state)")
    }
  }

  /// I2: at most one charge per invoice, by the gateway's own log, at the moment it is made.
  func checkCharge(_ request: ChargeRequest) {
    let mine = gateway.charges.filter { $0.request.invoice == request.invoice }
    if mine.count > 1 {
      fail("I2", "\(request.invoice) is charged \(mine.count) times")
    }
    if !witness.invoices.contains(request.invoice) {
      fail("I2", "\(request.invoice) is charged but was never issued")
    }
  }
}

/// What a delivered mail says, read from its Message-ID: the event it tells of, and its kind.
struct MailSubject {
  var about: String
  var kind: MailKind

  /// The reverse of how the mailer writes it: `=3a` is a colon, the kind follows the last dot.
  init?(messageID: String) {
    var text = ""
    var rest = Substring(messageID.prefix { $0 != "@" })
    while let character = rest.popFirst() {
      guard character == "=" else {
        text.append(character)
        continue
      }
      guard let code = UInt8(rest.prefix(2), radix: 16) else { return nil }
      text.unicodeScalars.append(Unicode.Scalar(code))
      rest = rest.dropFirst(2)
    }
    guard let dot = text.lastIndex(of: "."),
      let kind = MailKind(rawValue: String(text[text.index(after: dot)...]))
    else { return nil }
    self.about = String(text[..<dot])
    self.kind = kind
  }

  /// `charge.succeeded:2026-11/a-1:2` is about attempt 2 on invoice 2026-11/a-1.
  var invoice: String {
    let parts = about.split(separator: ":")
    return parts.count > 1 ? String(parts[1]) : ""
  }
  var attempt: Int { about.split(separator: ":").last.flatMap { Int($0) } ?? 0 }
  var account: String { invoice.split(separator: "/").last.map(String.init) ?? "" }
}

extension Simulation {
  /// I13: no mail states what the ledger never held. Asked at the moment a mail is delivered.
  func checkMail(_ mail: OutgoingMail) {
    guard let subject = MailSubject(messageID: mail.messageID) else {
      return fail("I13", "a mail about something unknown: \(mail.messageID)")
    }
    if mail.to != "\(subject.account)@customers.example" {
      fail("I13", "\(mail.messageID) goes to another account")
    }
    if !isTrue(subject, mail) { fail("I13", "\(mail.messageID) is not true") }
  }

  private func isTrue(_ subject: MailSubject, _ mail: OutgoingMail) -> Bool {
    switch subject.kind {
    case .invoice: return witness.invoices.contains(subject.invoice)
    case .receipt:
      let attempt = witness.attempt(on: subject.invoice, number: subject.attempt)
      let charge = gateway.charges.first { $0.id == attempt?.gatewayID }
      guard let charge else { return false }
      return mail.text.contains(
        MailNumbers().money(charge.request.amountMinor, charge.request.currency))
    case .declined:
      let attempt = witness.attempt(on: subject.invoice, number: subject.attempt)
      return [.declinedSoft, .declinedHard].contains(attempt?.state)
    case .held: return witness.held.contains(subject.account)
    case .released: return witness.released.contains(subject.account)
    }
  }
}
