import Billing
import Broker
import Ledger
import Services

/// What must hold whenever everything is quiet, from the gateway's log, the delivered mails, the
/// ledger and the queues.
extension Simulation {
  func checkQuiet() async {
    do {
      try await checkLedger()
      try await checkMonths()
      try await checkEnds()
      try await checkGatewayEqualsLedger()
      try await checkIncoming()
      try await checkMailRecord()
      try await checkEverybodyHasMail()
      checkDeadLetters()
    } catch {
      fail("I10", "the ledger cannot be read: \(error)")
    }
  }

  /// I1, I3, I8, I10, I19.
  private func checkLedger() async throws {
    for problem in try await store.problems() { fail("I1", problem) }
    for totals in try await store.totals(Self.period) where totals.ledgerSumMinor != 0 {
      fail("I1", "the entries in \(totals.currency) sum to \(totals.ledgerSumMinor)")
    }
  }

  /// I21: the trigger is the one message that anybody may send, so the invoicer guards the month.
  private func checkMonths() async throws {
    for run in try await store.runs() where run.period != Self.period {
      fail("I21", "\(run.period) was closed by \(run.requestedBy), which nobody intended")
    }
  }

  /// I5, I6.
  private func checkEnds() async throws {
    guard let progress = try await store.progress(Self.period) else {
      return fail("I5", "there is no close")
    }
    // Those who came too late are not in it.
    let late = try await store.lateAccounts(Self.period, limit: 10)
    let expected = accountIDs.count - late.count
    if progress.run.state != .closed || progress.finished != expected {
      fail(
        "I5",
        "\(progress.run.state.rawValue) with \(progress.finished) of \(expected); "
          + "open: \(progress.stragglers.map { "\($0.account) \($0.reached.rawValue)" })")
    }
    if progress.run.expected != expected || progress.ends.values.reduce(0, +) != expected {
      fail("I5", "not every account is finished: \(progress.ends)")
    }
    let services: [ServiceName] = MonthClose.services + [.closectl]
    for service in services {
      let left = try await store.unpublished(
        by: service, before: time.adding(seconds: 3600), limit: 10)
      if let first = left.first {
        fail("I6", "\(service.rawValue) has not published \(first.event.id)")
      }
    }
  }

  /// I4, both ways.
  private func checkGatewayEqualsLedger() async throws {
    var taken: Int64 = 0
    for charge in gateway.charges {
      let attempt = witness.attempt(takenBy: charge)
      let isPosted = attempt?.state == .succeeded && attempt?.gatewayID == charge.id
      if isPosted { taken += charge.request.amountMinor }
      if !isPosted && !(charge.wasDenied && attempt?.state == .parked) {
        let state = attempt?.state.rawValue ?? "none"
        fail("I4", "\(charge.id) is at the gateway; the ledger's attempt: \(state)")
      }
    }
    let ids = Set(gateway.charges.map(\.id))
    for attempt in witness.attempts.values where attempt.state == .succeeded {
      if !ids.contains(attempt.gatewayID ?? "") {
        fail("I4", "\(attempt.key) is posted but was never charged")
      }
    }
    let posted = try await store.totals(Self.period).map(\.collectedByGatewayMinor).reduce(0, +)
    if posted != taken { fail("I4", "the ledger collected \(posted), the gateway \(taken)") }
  }

  /// What people paid and granted is in the ledger once.
  private func checkIncoming() async throws {
    for (reference, item) in witness.incoming.sorted(by: { $0.key < $1.key }) {
      let posted = try await store.posted(item.kind, account: item.account, reference: reference)
      if posted != item.amountMinor {
        fail("I8", "\(reference) for \(item.amountMinor) is posted as \(posted ?? 0)")
      }
    }
  }

  /// I13: at most one mail per event, except those the ledger counts as sent again.
  private func checkMailRecord() async throws {
    for (messageID, times) in post.delivered.sorted(by: { $0.key < $1.key }) where times > 1 {
      guard let subject = MailSubject(messageID: messageID) else { continue }
      let key = MailKey(about: subject.about, account: subject.account, kind: subject.kind)
      let reason = try await store.mails([key])[key]?.reason ?? ""
      if reason != MailRecord.resent && !MailRecord.isPerhapsSent(reason) {
        fail("I13", "\(messageID) was delivered \(times) times but is not counted as sent again")
      }
    }
  }

  /// Everybody has got their mails in the end, but those whom the server does not know.
  private func checkEverybodyHasMail() async throws {
    for mail in try await store.mailList(MailQuestion(period: Self.period)) {
      let id = mail.serverID
      switch mail.state {
      case .suppressed: continue
      case .sent where post.delivered[id] != nil: continue
      case .refused where post.refused.contains(id): continue
      default:
        fail(
          "I13",
          "\(mail.messageID) is \(mail.state.rawValue) (\(mail.reason ?? "no reason")), "
            + "and was \(post.delivered[id] == nil ? "not " : "")delivered")
      }
    }
  }

  /// I9: every dead letter is itself at fault, and none is still due to an outage.
  private func checkDeadLetters() {
    let denied = gateway.charges.filter(\.wasDenied).map(\.request.invoice)
    for service in MonthClose.services {
      for letter in broker.messages(in: MonthClose.deadQueue(of: service)) {
        let isJunk = letter.messageID.hasPrefix(Self.junk) && letter.reason == "not-json"
        let isWrongMonth =
          letter.messageID.hasPrefix(Self.wrong) && letter.reason.hasPrefix("period-")
        let isForged =
          letter.messageID.hasPrefix(Self.forged) && Self.forgedReasons.contains(letter.reason)
        if isJunk || isWrongMonth || isForged { continue }
        let isParked = denied.contains { letter.messageID.contains($0) }
        let reason = letter.reason
        if !(isParked && ["gateway-implausible", "contradiction"].contains(reason)) {
          fail("I9", "\(letter.messageID) is a dead letter of \(service.rawValue): \(reason)")
        }
      }
    }
  }
}

extension OutgoingMessage {
  /// Ours, or the broker's word where it gave up delivering.
  var reason: String { DeadLetter.reason(headers) }
}

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
