import Billing
import Ledger
import Mail

/// 2. Send, and 3. commit what the server said.
extension Mailer {
  /// The server's answers are committed within milliseconds, while other mails are still in
  /// progress: a crash leaves few mails for which it is unknown whether they were sent.
  private static let linger = Duration.milliseconds(5)

  func sendAndRecord(_ items: [Sending]) async throws -> [(Int, Outcome)] {
    let mails = try await write(items)
    let arrivals = ArrivalQueue<Sent>()
    // A failed record aborts no mail in progress: it might be delivered anyway.
    let result = await withTaskGroup(of: Void.self) { group in
      for (item, mail) in zip(items, mails) {
        group.addTask { await arrivals.add(Sent(item: item, answer: await send(mail, item))) }
      }
      let result = await Result.catching {
        var outcomes: [(Int, Outcome)] = []
        while outcomes.count < items.count {
          let sent = await arrivals.take { _ = await pause(Self.linger) }
          outcomes += zip(sent, try await record(sent)).map { ($0.item.index, $1) }
        }
        return outcomes
      }
      await group.waitForAll()
      return result
    }
    return try result.get()
  }

  /// The answer is kept before anything can go wrong with its record.
  private func send(_ mail: OutgoingMail, _ item: Sending) async -> MailAnswer? {
    if let answer = item.answer { return answer }
    let key = item.intent.key
    guard inFlight.begin(key) else { return .notSent("it is already being sent") }
    if item.isTakenUp, let wait = await overtaken(key) {
      inFlight.release(key)
      return .notSent(wait)
    }
    let returns = item.intent.job.history.returns
    guard watch.door.admits(key.account) else {
      inFlight.end(key, .notSent("mailing pauses"), isResent: item.isResent, returns: returns)
      return nil
    }
    session.crashPoint(.beforeMail)
    let answer = await server.send([mail]).first ?? .uncertain("the server said nothing")
    session.crashPoint(.mailAnswered)
    watch.heard(answer, about: item.intent)
    inFlight.end(key, answer, isResent: item.isResent, returns: returns)
    return answer
  }

  /// A second copy of a message is decided before the first one's mail is finished. Once nothing
  /// else here may send the mail, its outcome is checked again, in this process first, because an
  /// outcome is forgotten here only after it is in the ledger.
  private func overtaken(_ key: MailKey) async -> String? {
    if inFlight.known(key)?.isEnd == true { return "its outcome is being recorded" }
    do {
      let record = try await session.store.mails([key])[key]
      return record?.state == .intended ? nil : "it was finished meanwhile"
    } catch {
      return "the ledger did not say whether it was finished meanwhile: \(error)"
    }
  }

  private func write(_ items: [Sending]) async throws -> [OutgoingMail] {
    let issued = try await session.store.invoices(items.compactMap(\.facts.invoice?.id))
    return try items.map { item in
      let invoice = item.facts.invoice.flatMap { issued[$0.id] }
      return try composer.write(item.intent, facts: item.facts, invoice, at: session.clock.now())
    }
  }

  // MARK: 3. Commit what the server said

  private struct Recorded: Sendable {
    var outcome: Outcome
    /// It was just sent, but another process had already recorded its outcome.
    var isLate = false
  }

  private func giveUp(_ item: Sending, _ why: String) throws -> LedgerSession.Plan<Recorded> {
    .commit(
      try item.intent.end(
        .refused, session, item.decided, item.facts,
        why: item.isResent ? MailRecord.perhapsSent(because: why) : why),
      then: { Recorded(outcome: .done($0.events)) })
  }

  func record(_ sent: [Sent]) async throws -> [Outcome] {
    let recorded = try await session.decideAndCommit(sent, about: \.item.intent.job.key) {
      sent, facts -> LedgerSession.Plan<Recorded> in
      let item = sent.item
      let intent = item.intent
      guard let answer = sent.answer else {
        return .end(Recorded(outcome: watch.door.putOff()))
      }
      switch answer {
      case .accepted:
        let note = item.isResent ? MailRecord.resent : nil
        return .commit(
          try intent.end(.sent, session, item.decided, item.facts, why: note),
          then: {
            Recorded(outcome: .done($0.events), isLate: item.answer == nil && $0.wasAnswered)
          })
      case .refused(let why): return try giveUp(item, why)
      case .later(let why), .denied(let why), .away(let why), .notSent(let why),
        .uncertain(let why):
        let isLast = intent.job.history.attempts >= retryLimit
        let back: Outcome
        switch watch.next(answer, intent, isLast: isLast) {
        case .giveUp(let why): return try giveUp(item, why)
        case .putOff: back = watch.door.putOff()
        case .back(let fault): back = .later(fault)
        }
        if case .notSent = answer { return .end(Recorded(outcome: back)) }
        let isPerhapsSent = item.isResent || answer.isUncertain
        return .commit(
          intent.waits(session, isPerhapsSent ? MailRecord.perhapsSent(because: why) : why),
          then: { _ in Recorded(outcome: back) })
      }
    }
    let late = zip(sent, recorded).filter(\.1.isLate).map { $0.0.item.intent.sentAgain(session) }
    if !late.isEmpty { _ = try await session.commit(late) }
    for (sent, recorded) in zip(sent, recorded) {
      if case .done = recorded.outcome { inFlight.forget(sent.item.intent.key) }
    }
    return recorded.map(\.outcome)
  }
}

/// Finished items, in the order in which they finish, handed over in groups.
actor ArrivalQueue<Element: Sendable> {
  private var elements: [Element] = []
  private var waiting: CheckedContinuation<Void, Never>?

  func add(_ element: Element) {
    elements.append(element)
    waiting?.resume()
    waiting = nil
  }

  /// Waits for a first one, then a moment for more, and takes all of them. One caller at a time.
  func take(after moment: () async -> Void) async -> [Element] {
    if elements.isEmpty { await withCheckedContinuation { waiting = $0 } }
    await moment()
    defer { elements = [] }
    return elements
  }
}
