public struct MailSituation: Sendable {
  public var kind: MailKind
  public var snapshot: Snapshot
  public var facts: AccountFacts?
  /// The attempt that a receipt or a decline reports.
  public var attempt: Int
  /// A hold for the invoice was lifted at some time.
  public var wasReleased: Bool
  /// The invoice comes to zero and nothing was used, so no mail is wanted.
  public var isIdle: Bool

  public init(
    kind: MailKind, snapshot: Snapshot, facts: AccountFacts?, attempt: Int = 0,
    wasReleased: Bool = false, isIdle: Bool = false
  ) {
    self.kind = kind
    self.snapshot = snapshot
    self.facts = facts
    self.attempt = attempt
    self.wasReleased = wasReleased
    self.isIdle = isIdle
  }
}

public enum MailAction: Sendable, Equatable {
  /// With the ledger's figures, not the message's.
  case send
  case suppress
  case wait
  case park
}

extension DecisionTable where Situation == MailSituation, Action == MailAction {
  /// The mailer never states what is no longer true.
  public static let mailer = DecisionTable(
    "mailer",
    [
      DecisionRow(
        "mail.unknown-account", found: "the ledger does not know the account yet", .behind,
        does: "retry later, then park", when: { $0.facts == nil }, action: { _ in .wait }),
      DecisionRow(
        "mail.contradiction", found: "account, currency, invoice or total differ from the ledger",
        .contradiction, does: "park for a person", when: { $0.snapshot.contradicts($0.facts) },
        action: { _ in .park }),
      DecisionRow(
        "mail.behind", found: "ledger position below the snapshot's", .behind,
        does: "retry later, then park", when: { $0.snapshot.isAhead(of: $0.facts) },
        action: { _ in .wait }),
      DecisionRow(
        "mail.no-such-invoice", found: "the ledger has caught up and has no such invoice",
        .contradiction, does: "park for a person", when: { $0.facts?.invoice == nil },
        action: { _ in .park }),
      DecisionRow(
        "mail.void", found: "the invoice was voided", .material, does: "send nothing",
        when: { $0.facts?.invoice?.status == .void }, action: { _ in .suppress }),
      DecisionRow(
        "mail.no-such-charge", found: "the ledger has no such charge", .contradiction,
        does: "park for a person", when: { $0.kind == .receipt && !$0.wasCharged },
        action: { _ in .park }),
      DecisionRow(
        "mail.no-such-decline", found: "the ledger has no such declined attempt", .contradiction,
        does: "park for a person", when: { $0.kind == .declined && !$0.wasDeclined },
        action: { _ in .park }),
      DecisionRow(
        "mail.no-such-release", found: "the ledger has no lifted hold for it",
        .contradiction, does: "park for a person",
        when: { $0.kind == .released && !$0.wasReleased }, action: { _ in .park }),
      DecisionRow(
        "mail.superseded", found: "a later attempt was made", .material, does: "send nothing",
        when: { $0.kind == .declined && $0.wasTriedAgain }, action: { _ in .suppress }),
      DecisionRow(
        "mail.paid-meanwhile", found: "the debt it would name is paid", .material,
        does: "send nothing",
        when: { [.declined, .held].contains($0.kind) && $0.open <= 0 }, action: { _ in .suppress }),
      DecisionRow(
        "mail.hold-gone", found: "the hold it would name was lifted", .material,
        does: "send nothing", when: { $0.kind == .held && !$0.isHeld }, action: { _ in .suppress }),
      DecisionRow(
        "mail.held-again", found: "the account is on hold again", .material, does: "send nothing",
        when: { $0.kind == .released && $0.isHeld }, action: { _ in .suppress }),
      DecisionRow(
        "mail.idle", found: "an invoice with a total of zero, for an account without usage", .same,
        does: "send nothing", when: { $0.kind == .invoice && $0.isIdle },
        action: { _ in .suppress }),
      DecisionRow(
        "mail.figures-moved", found: "the invoice's open amount changed", .material,
        does: "send with the ledger's figures", when: { $0.open != $0.snapshot.invoice?.open },
        action: { _ in .send }),
      DecisionRow(
        "mail.harmless", found: "the account changed, but not this invoice", .harmless,
        does: "send", when: { ($0.facts?.position ?? 0) > $0.snapshot.position },
        action: { _ in .send }),
      DecisionRow(
        "mail.same", found: "everything is as the message said", .same, does: "send",
        when: { _ in true }, action: { _ in .send }),
    ])
}

extension MailSituation {
  var open: Int64 { facts?.invoice?.openMinor ?? 0 }
  var isHeld: Bool { facts?.heldForInvoice != nil }
  var wasTriedAgain: Bool {
    facts?.attempts.contains { $0.number > attempt && $0.state != .lost } ?? false
  }
  var wasDeclined: Bool {
    facts?.attempts.contains {
      $0.number == attempt && [.declinedSoft, .declinedHard].contains($0.state)
    } ?? false
  }
  var wasCharged: Bool {
    facts?.attempts.contains { $0.number == attempt && $0.state == .succeeded } ?? false
  }
}
