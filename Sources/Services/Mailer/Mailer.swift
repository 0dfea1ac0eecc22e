import Billing
import Ledger
import Logging
import Mail

/// Sends one accurate mail per account and event.
///
/// Like the charger it commits twice: the intent with its Message-ID before the mail server is
/// called, and the result afterwards. A crash between the server's last answer and the second
/// commit sends the mail again under the same Message-ID; that window cannot be closed, so such
/// mails are counted.
public struct Mailer: MessageHandler {
  let session: LedgerSession
  let server: MailServer
  let composer: MailComposer
  /// How often a message must have come back before a mail that another process intended, and may
  /// be sending at the moment, is sent again: see `retriesBeforeResending(_:)`.
  let retriesBeforeResending: Int
  /// How often a message may come back.
  let retryLimit: Int
  let watch: MailServerWatch
  let mailsZeroInvoices: Bool
  let pause: @Sendable (Duration) async -> Bool
  let inFlight = InFlightMails()

  package init(
    session: LedgerSession, server: MailServer, from: String, retryDelays: [Duration],
    mailsZeroInvoices: Bool = false, logger: Logger, health: ServiceHealth,
    pause: @escaping @Sendable (Duration) async -> Bool = pauseUntilShutdown
  ) throws {
    self.session = session
    self.server = server
    self.pause = pause
    self.composer = MailComposer(from: from, templates: try MailTemplates.compiled.get())
    self.retriesBeforeResending = Self.retriesBeforeResending(retryDelays)
    self.retryLimit = retryDelays.count
    self.mailsZeroInvoices = mailsZeroInvoices
    self.watch = MailServerWatch(
      session, door: PartnerDoor(to: .mailServer, session, logger, health))
  }

  /// Longer than any mail takes: connecting and sending have 35 seconds together.
  private static let longestSending = Duration.seconds(45)

  /// The number of retry delays that together exceed the time a sending can take; all of them if
  /// they are shorter.
  static func retriesBeforeResending(_ delays: [Duration]) -> Int {
    var waited = Duration.zero
    for (index, delay) in delays.enumerated() {
      waited += delay
      if waited >= longestSending { return index + 1 }
    }
    return delays.count
  }

  public func maintain() async throws -> [StoredEvent] {
    watch.door.forgetOldPause()
    return []
  }

  public func work(_ jobs: [Job]) async throws -> [Outcome] {
    try await watch.prepare()
    let intents = jobs.map(MailIntent.init)
    let steps = try await decide(jobs, intents)
    var outcomes: [Outcome?] = steps.map { if case .end(let outcome) = $0 { outcome } else { nil } }
    var sending: [Sending] = []
    for (index, step) in steps.enumerated() {
      guard case .send(var item) = step else { continue }
      item.index = index
      sending.append(item)
    }
    for (index, outcome) in try await sendAndRecord(sending) { outcomes[index] = outcome }
    watch.door.say(
      waiting: zip(jobs, outcomes).filter { $1?.isPutOff == true }.map(\.0.event.id))
    return outcomes.map { $0 ?? .later(Fault(.handlerFailed, "the mail was not decided")) }
  }

  private enum Step: Sendable {
    case end(Outcome)
    case send(Sending)
  }

  struct Sending: Sendable {
    var index = 0
    var intent: MailIntent
    var decided: Decided<MailAction>
    var facts: AccountFacts
    /// The mail was intended by an earlier delivery of this message, or by another copy of it.
    var isTakenUp = false
    /// It is not known whether the mail has already been sent.
    var isResent = false
    /// The server's earlier answer, if only its record is missing.
    var answer: MailAnswer?
  }

  struct Sent: Sendable {
    var item: Sending
    /// `nil`: the server was not asked, because mailing pauses.
    var answer: MailAnswer?
  }

  // MARK: 1. Decide, and commit the intent before the server is called

  private func decide(_ jobs: [Job], _ intents: [MailIntent?]) async throws -> [Step] {
    var round = watch.door.round
    return try await session.decideAndCommit(
      Array(zip(jobs, intents)), about: \.0.key,
      alongside: { items, _ in try await known(of: items.compactMap(\.1)) },
      plan: { try plan($0.0, $0.1, $1, known: $2, &round) })
  }

  /// The ledger's data about mails, besides the facts of their accounts.
  private struct Known {
    var mails: [MailKey: MailRecord]
    /// Invoices for which a hold was lifted.
    var released: Set<String>
    /// Invoices with a total of zero for accounts without usage, which are not sent.
    var idle: Set<String>
  }

  private func known(of intents: [MailIntent]) async throws -> Known {
    Known(
      mails: try await session.store.mails(intents.map(\.key)),
      released: try await session.store.released(intents.compactMap(\.releasedInvoice)),
      idle: mailsZeroInvoices ? [] : try await idle(among: intents.compactMap(\.zeroInvoice)))
  }

  private func idle(among invoices: [String]) async throws -> Set<String> {
    if invoices.isEmpty { return [] }
    let issued = try await session.store.invoices(invoices)
    return Set(issued.filter { $0.value.draft.isIdle }.keys)
  }

  private func plan(
    _ job: Job, _ intent: MailIntent?, _ facts: AccountFacts?, known: Known,
    _ round: inout PartnerDoor.Round
  ) throws -> LedgerSession.Plan<Step> {
    guard let intent else { return .end(.end(job.unexpected)) }
    let decided = DecisionTable.mailer.decide(
      intent.situation(facts, released: known.released, idle: known.idle))
    let fault = "\(decided.rule): a \(intent.kind.rawValue) mail"
    guard let facts, decided.action != .wait else {
      return .end(.end(.later(Fault(.behind, "\(fault): the ledger has not caught up"))))
    }
    if decided.action == .park {
      return .end(.end(.dead(Fault(.contradiction, "\(fault): message and ledger contradict"))))
    }
    var item = Sending(intent: intent, decided: decided, facts: facts)
    let record = known.mails[intent.key]
    let isNew = record?.isToBeSentAgain != false
    item.isResent = record?.isToBeSentAgain == true && record?.isPerhapsSent == true
    switch record?.state {
    case _ where isNew && decided.action == .suppress:
      let change = try intent.suppression(session, decided, facts, isPerhapsSent: item.isResent)
      return .commit(change, then: { .end(.done($0.events)) })
    case _ where isNew:
      if let wait = round.wait(about: intent.key.account) { return .end(.end(wait)) }
      return .commit(
        intent.intended(session, facts, isPerhapsSent: item.isResent),
        then: { [item] in $0.wasAnswered ? .end(.done($0.events)) : .send(item) })
    case .sent, .refused, .suppressed:
      let change = intent.answered(session, decided, facts)
      return .commit(change, then: { .end(.done($0.events)) })
    case .intended, nil:
      return try takeUp(item, isPerhapsSent: record?.isPerhapsSent == true, &round)
    }
  }

  /// A mail that was already intended. If the server has answered, only the record is missing; a
  /// mail it has not accepted is decided by the current facts; one that another process may be
  /// sending is left alone for a while, then sent again and counted.
  ///
  /// - Parameter isPerhapsSent: what the ledger has of all processes; `inFlight` has those of this
  ///   one.
  private func takeUp(
    _ item: Sending, isPerhapsSent: Bool, _ round: inout PartnerDoor.Round
  ) throws -> LedgerSession.Plan<Step> {
    var item = item
    let intent = item.intent
    let known = inFlight.known(intent.key)
    item.isTakenUp = true
    item.isResent = true
    switch known?.answer {
    case .accepted, .refused:
      item.answer = known?.answer
      item.isResent = isPerhapsSent || known?.isResent == true
      return .end(.send(item))
    case .uncertain: break
    case .some where known?.isFollowed(by: intent.job) == true:
      item.isResent = isPerhapsSent || known?.isResent == true
    case .some, nil:
      if intent.job.history.attempts < retriesBeforeResending {
        let fault = Fault(
          .mailLater, "another process started the mail and may still be sending it")
        return .end(.end(.later(fault)))
      }
    }
    if item.decided.action == .suppress {
      let change = try intent.suppression(
        session, item.decided, item.facts, isIntended: true, isPerhapsSent: item.isResent)
      return .commit(change, then: { .end(.done($0.events)) })
    }
    if let wait = round.wait(about: intent.key.account) {
      inFlight.putOff(intent.key, intent.job)
      return .end(.end(wait))
    }
    // A copy of a message that is being worked here says nothing of another sending.
    if !item.isResent || isPerhapsSent || inFlight.isSending(intent.key) {
      return .end(.send(item))
    }
    return .commit(
      intent.takenUp(session),
      then: { [item] in $0.wasAnswered ? .end(.done($0.events)) : .send(item) })
  }
}

extension InvoiceDraft {
  /// Nothing was used, and there is nothing to pay or to credit.
  fileprivate var isIdle: Bool {
    totalMinor == 0 && lines.allSatisfy { $0.amountMinor == 0 && $0.quantity?.isZero ?? true }
  }
}
