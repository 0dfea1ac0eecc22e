import Billing
import Ledger

extension Simulation {
  /// At the very end, with every grace period and retry over: accounts that owe are on hold, the
  /// others are not, no attempt is pending (L3), and every mail that counts as sent was delivered.
  func checkAccounts() async {
    do {
      for account in accountIDs { try await checkHold(account) }
    } catch {
      fail("I10", "the ledger cannot be read: \(error)")
    }
  }

  /// I13: what is recorded as sent was delivered.
  private func checkSentMails(_ account: String) async throws {
    for mail in try await store.story(of: account, period: nil)?.mails ?? []
    where mail.state == .sent {
      let id = "\(mail.messageID)@month-close.example"
      if post.delivered[id] == nil { fail("I13", "\(id) is recorded as sent but never was") }
    }
  }

  private func checkHold(_ account: String) async throws {
    let key = FactKey(account: account, invoice: "\(Self.period)/\(account)")
    guard let facts = try await store.facts(for: [key])[0] else { return }
    if let open = facts.attempts.first(where: \.state.isUnsettled) {
      fail("L3", "attempt \(open.number) on \(open.invoice) is still \(open.state.rawValue)")
    }
    try await checkSentMails(account)
    let isParked = facts.attempts.contains { $0.state == .parked }
    let owes = try await store.openInvoices(of: account).contains {
      $0.issuedAt.adding(days: facts.account.holdAfterDays) <= time
        && !facts.account.isTooSmallToCollect($0.openMinor)
    }
    if owes && facts.heldForInvoice == nil && !isParked {
      fail("holds", "\(account) owes past its grace period but is not on hold")
    }
    if !owes, let held = facts.heldForInvoice {
      fail("holds", "\(account) owes nothing but is on hold for \(held)")
    }
  }
}
