import Billing
import Ledger

/// Sends one true mail per account and event.
///
/// Like the charger it commits twice: the intent with its Message-ID before the mail server is
/// called, the result after. A crash between the server's last word and the second commit sends the
/// mail again under the same Message-ID; that window cannot be closed, so such mails are counted.
public struct Mailer: Sendable {
  let desk: Desk
  let server: MailServer
  let desktop: MailDesk
  /// How often a message must have come back before a mail that another process intended, and may
  /// be sending just now, is sent again: see `patience(_:)`.
  let patience: Int
  private let pause: @Sendable (Duration) async -> Bool
  private let mine = SentMails()

  public init(
    desk: Desk, server: MailServer, from: String, patience: Int = 2,
    pause: @escaping @Sendable (Duration) async -> Bool = pauseUntilShutdown
  ) throws {
    self.desk = desk
    self.server = server
    self.pause = pause
    self.desktop = MailDesk(from: from, templates: try MailTemplates.compiled.get())
    self.patience = patience
  }

  /// Longer than any mail is under way: connecting and sending have 35 seconds together.
  private static let longestSending = Duration.seconds(45)

  /// So many pauses of the ladder are longer together than a sending can take; all of a ladder that
  /// is shorter.
  static func patience(_ delays: [Duration]) -> Int {
    var waited = Duration.zero
    for (index, delay) in delays.enumerated() {
      waited += delay
      if waited >= longestSending { return index + 1 }
    }
    return delays.count
  }

  public func work(_ jobs: [Job]) async throws -> [Outcome] {
    let letters = jobs.map(Letter.init)
    let steps = try await decide(jobs, letters)
    var outcomes: [Outcome?] = steps.map { if case .end(let outcome) = $0 { outcome } else { nil } }
    var sending: [Sending] = []
    for (index, step) in steps.enumerated() {
      guard case .send(var item) = step else { continue }
      item.index = index
      sending.append(item)
    }
    for (index, outcome) in try await sendAndRecord(sending) { outcomes[index] = outcome }
    return outcomes.map { $0 ?? .later(Fault(.handlerFailed, "the mail was not decided")) }
  }

  private enum Step: Sendable {
    case end(Outcome)
    case send(Sending)
  }

  private struct Sending: Sendable {
    var index = 0
    var letter: Letter
    var decided: Decided<MailAction>
    var facts: AccountFacts
    /// The mail was intended by an earlier delivery of this message, or by another copy of it.
    var isTakenUp = false
    /// The mail may have been sent already, nobody knows.
    var isResent = false
    /// What the server has said before, when only its record is missing.
    var answer: MailAnswer?
  }

  private struct Sent: Sendable {
    var item: Sending
    var answer: MailAnswer
  }

  // MARK: 1. Decide, and commit the intent before the server is called

  private func decide(_ jobs: [Job], _ letters: [Letter?]) async throws -> [Step] {
    try await desk.reconcile(
      Array(zip(jobs, letters)), about: \.0.key,
      alongside: { try await desk.store.mails($0.compactMap(\.1?.key)) },
      plan: { try plan($0.0, $0.1, $1, known: $2) })
  }

  private func plan(
    _ job: Job, _ letter: Letter?, _ facts: AccountFacts?, known: [MailKey: MailRecord]
  ) throws -> Desk.Plan<Step> {
    guard let letter else { return .end(.end(job.unexpected)) }
    let decided = DecisionTable.mailer.decide(letter.situation(facts))
    let fault = "\(decided.rule): a \(letter.kind.rawValue) mail"
    guard let facts, decided.action != .wait else {
      return .end(.end(.later(Fault(.behind, "\(fault), the ledger has not caught up"))))
    }
    if decided.action == .park {
      return .end(.end(.dead(Fault(.contradiction, "\(fault), message and ledger contradict"))))
    }
    let item = Sending(letter: letter, decided: decided, facts: facts)
    switch known[letter.key]?.state {
    case .sent, .refused, .suppressed:
      let change = letter.answered(desk, decided, facts)
      return .commit(change, then: { .end(.done($0.events)) })
    case .intended: return try takeUp(item)
    case nil where decided.action == .suppress:
      let change = try letter.suppression(desk, decided, facts, isIntended: false)
      return .commit(change, then: { .end(.done($0.events)) })
    case nil:
      return .commit(
        letter.intent(desk, facts),
        then: { $0.wasAnswered ? .end(.done($0.events)) : .send(item) })
    }
  }

  /// A mail that was intended before. What the server said of it is only to be recorded; what it
  /// has not taken is decided on the facts of now; what another process may be sending is left
  /// alone for a while, then it is sent again and counted.
  private func takeUp(_ item: Sending) throws -> Desk.Plan<Step> {
    var item = item
    let letter = item.letter
    let known = mine.known(letter.key)
    item.isTakenUp = true
    item.isResent = true
    switch known?.answer {
    case .accepted, .refused:
      item.answer = known?.answer
      item.isResent = known?.isResent ?? false
      return .end(.send(item))
    case .uncertain: break
    case .later where known?.isFollowed(by: letter.job) == true:
      item.isResent = known?.isResent ?? false
    case .later, nil:
      if letter.job.history.attempts < patience {
        let fault = Fault(.mailLater, "the mail was begun elsewhere and may be under way")
        return .end(.end(.later(fault)))
      }
    }
    if item.decided.action == .suppress {
      let change = try letter.suppression(
        desk, item.decided, item.facts, isIntended: true, isPerhapsSent: item.isResent)
      return .commit(change, then: { .end(.done($0.events)) })
    }
    return .end(.send(item))
  }

  // MARK: 2. Send

  /// What the server has said is committed within milliseconds, while other mails are still under
  /// way: a crash leaves few mails of which nobody knows whether they were sent.
  private static let linger = Duration.milliseconds(5)

  private func sendAndRecord(_ items: [Sending]) async throws -> [(Int, Outcome)] {
    let mails = try await write(items)
    let arrivals = Arrivals<Sent>()
    return try await withThrowingTaskGroup(of: Void.self) { group in
      for (item, mail) in zip(items, mails) {
        group.addTask { await arrivals.add(Sent(item: item, answer: await send(mail, item))) }
      }
      var outcomes: [(Int, Outcome)] = []
      while outcomes.count < items.count {
        let sent = await arrivals.take { _ = await pause(Self.linger) }
        outcomes += zip(sent, try await record(sent)).map { ($0.item.index, $1) }
      }
      return outcomes
    }
  }

  /// The answer is kept before anything can go wrong with its record.
  private func send(_ mail: OutgoingMail, _ item: Sending) async -> MailAnswer {
    if let answer = item.answer { return answer }
    let key = item.letter.key
    guard mine.begin(key) else { return .later("it is being sent already") }
    if item.isTakenUp, let wait = await overtaken(key) {
      mine.release(key)
      return .later(wait)
    }
    desk.reached(.beforeMail)
    let answer = await server.send([mail]).first ?? .later("the server said nothing")
    desk.reached(.mailAnswered)
    mine.end(
      key, answer, isResent: item.isResent, attempts: item.letter.job.history.attempts)
    return answer
  }

  /// A second copy of a message is decided on before the first one's mail has its end. Once nobody
  /// else here may send it, what became of it is looked at again: in this process first, since an
  /// end is forgotten here only after it is in the ledger.
  private func overtaken(_ key: MailKey) async -> String? {
    if mine.known(key)?.isEnd == true { return "its end is being recorded" }
    do {
      let record = try await desk.store.mails([key])[key]
      return record?.state == .intended ? nil : "it had its end meanwhile"
    } catch {
      return "the ledger did not say whether it had its end meanwhile: \(error)"
    }
  }

  private func write(_ items: [Sending]) async throws -> [OutgoingMail] {
    let issued = try await desk.store.invoices(items.compactMap(\.facts.invoice?.id))
    return try items.map { item in
      let draft = item.facts.invoice.flatMap { issued[$0.id]?.draft }
      return try desktop.write(item.letter, facts: item.facts, draft: draft, at: desk.clock.now())
    }
  }

  // MARK: 3. Commit what the server said

  private struct Recorded: Sendable {
    var outcome: Outcome
    /// It was sent just now, and another process had recorded its end before.
    var isLate = false
  }

  private func record(_ sent: [Sent]) async throws -> [Outcome] {
    let recorded = try await desk.reconcile(sent, about: \.item.letter.job.key) {
      sent, facts -> Desk.Plan<Recorded> in
      let item = sent.item
      let letter = item.letter
      switch sent.answer {
      case .accepted:
        let note = item.isResent ? MailRecord.resent : nil
        return .commit(
          try letter.end(.sent, desk, item.decided, item.facts, why: note),
          then: {
            Recorded(outcome: .done($0.events), isLate: item.answer == nil && $0.wasAnswered)
          })
      case .refused(let why):
        return .commit(
          try letter.end(
            .refused, desk, item.decided, item.facts,
            why: item.isResent ? MailRecord.perhapsSent + why : why),
          then: { Recorded(outcome: .done($0.events)) })
      case .later(let why), .uncertain(let why):
        let fault = Fault(.mailLater, "the mail server did not take it: \(why)")
        return .end(Recorded(outcome: .later(fault)))
      }
    }
    let late = zip(sent, recorded).filter(\.1.isLate).map { $0.0.item.letter.sentAgain(desk) }
    if !late.isEmpty { _ = try await desk.commit(late) }
    for (sent, recorded) in zip(sent, recorded) {
      if case .done = recorded.outcome { mine.forget(sent.item.letter.key) }
    }
    return recorded.map(\.outcome)
  }
}
