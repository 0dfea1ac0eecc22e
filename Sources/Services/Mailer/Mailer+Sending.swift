import Billing
import Ledger
import Mail

/// 2. Send, and 3. commit what the server said.
extension Mailer {
  /// The server's answers are committed within milliseconds, while other mails are still in
  /// progress: a crash leaves few mails for which it is unknown whether they were sent.
  private static let linger = Duration.milliseconds(5)

  func sendAndRecord(_ items: [Sending]) async throws -> [(Int, Outcome)] {
    if items.isEmpty { return [] }
    let mails = try await write(items)
    let arrivals = Arrivals<Sent>()
    // A failed record aborts no mail in progress: it might be delivered anyway.
    let result = await withTaskGroup(of: Void.self) { group in
      group.addTask { await send(mails, items, arrivals) }
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

  /// Hands over, all at once, the mails that may be sent. An answer is heard on the thread of its
  /// connection, and kept before anything can go wrong with its record.
  private func send(
    _ mails: [OutgoingMail], _ items: [Sending], _ arrivals: Arrivals<Sent>
  ) async {
    let ready = await ready(items, arrivals)
    let calls = MailCalls(
      mayLeave: { number in
        let item = items[ready[number]]
        guard watch.door.admits(item.intent.key.account) else {
          end(item, .notSent("mailing pauses"))
          arrivals.add(Sent(item: item, answer: nil))
          return false
        }
        session.crashPoint(.beforeMail)
        return true
      },
      heard: { number, answer in
        let item = items[ready[number]]
        session.crashPoint(.mailAnswered)
        watch.heard(answer, about: item.intent)
        end(item, answer)
        arrivals.add(Sent(item: item, answer: answer))
      })
    await server.deliver(ready.map { mails[$0] }, calls)
  }

  private func end(_ item: Sending, _ answer: MailAnswer) {
    inFlight.end(
      item.intent.key, answer, isResent: item.isResent,
      returns: item.intent.job.history.returns)
  }

  /// The places of the mails that nothing here speaks against; the others have arrived.
  private func ready(_ items: [Sending], _ arrivals: Arrivals<Sent>) async -> [Int] {
    var begun: [Int] = []
    for (place, item) in items.enumerated() {
      if let answer = item.answer {
        arrivals.add(Sent(item: item, answer: answer))
      } else if !inFlight.begin(item.intent.key) {
        arrivals.add(Sent(item: item, answer: .notSent("it is already being sent")))
      } else {
        begun.append(place)
      }
    }
    let overtaken = await overtaken(begun.map { items[$0] }.filter(\.isTakenUp).map(\.intent.key))
    return begun.filter { place in
      guard let wait = overtaken[items[place].intent.key] else { return true }
      inFlight.release(items[place].intent.key)
      arrivals.add(Sent(item: items[place], answer: .notSent(wait)))
      return false
    }
  }

  /// Those that must not be sent, and why. A second copy of a message is decided before the first
  /// one's mail is finished. Once nothing else here may send the mail, its outcome is checked
  /// again, in this process first, because an outcome is forgotten here only after it is in the
  /// ledger.
  private func overtaken(_ keys: [MailKey]) async -> [MailKey: String] {
    let ended = keys.filter { inFlight.known($0)?.isEnd == true }
    var overtaken = Dictionary(
      ended.map { ($0, "its outcome is being recorded") }, uniquingKeysWith: { first, _ in first })
    do {
      let records = try await session.store.mails(keys)
      for key in keys where overtaken[key] == nil && records[key]?.state != .intended {
        overtaken[key] = "it was finished meanwhile"
      }
    } catch {
      for key in keys where overtaken[key] == nil {
        overtaken[key] = "the ledger did not say whether it was finished meanwhile: \(error)"
      }
    }
    return overtaken
  }

  private func write(_ items: [Sending]) async throws -> [OutgoingMail] {
    // Only an invoice's own mail shows its lines.
    let shown = items.filter { $0.intent.kind == .invoice }.compactMap(\.facts.invoice?.id)
    let issued = try await session.store.invoicesToTell(
      items.compactMap(\.facts.invoice?.id), withLines: Set(shown))
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
    let recorded = try await session.commitDecided(sent) {
      sent -> LedgerSession.Plan<Recorded> in
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
