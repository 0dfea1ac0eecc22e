import Billing
import Ledger

/// Sends one true mail per account and event.
///
/// Like the charger it commits twice: the intent with its Message-ID before the mail server is
/// called, the result after. A crash between the server's last word and the second commit sends the
/// mail again under the same Message-ID; that window cannot be closed, see the README.
public struct Mailer: Sendable {
  let desk: Desk
  let server: MailServer
  let desktop: MailDesk

  public init(desk: Desk, server: MailServer, from: String) throws {
    self.desk = desk
    self.server = server
    self.desktop = MailDesk(from: from, templates: try MailTemplates())
  }

  public func work(_ jobs: [Job]) async throws -> [Outcome] {
    let letters = jobs.map(Letter.init)
    let known = try await desk.store.mails(letters.compactMap(\.?.key))
    let steps = try await decide(jobs, letters, known)
    var outcomes: [Outcome?] = steps.map { if case .end(let outcome) = $0 { outcome } else { nil } }
    var sending: [Sending] = []
    for (index, step) in steps.enumerated() {
      if case .send(let letter, let decided, let facts) = step {
        let isResent = known[letter.key]?.state == .intended
        sending.append(
          Sending(
            index: index, letter: letter, decided: decided, facts: facts, isResent: isResent))
      }
    }
    for (index, outcome) in try await sendAndRecord(sending) { outcomes[index] = outcome }
    return outcomes.map { $0 ?? .later(Fault(.handlerFailed, "the mail was not decided")) }
  }

  private enum Step: Sendable {
    case end(Outcome)
    case send(Letter, Decided<MailAction>, AccountFacts)
  }

  private struct Sending: Sendable {
    var index: Int
    var letter: Letter
    var decided: Decided<MailAction>
    var facts: AccountFacts
    /// Its intent is from before: the mail may have been sent already, nobody knows.
    var isResent: Bool
  }

  private struct Sent: Sendable {
    var item: Sending
    var answer: MailAnswer
  }

  // MARK: 1. Decide, and commit the intent before the server is called

  private func decide(
    _ jobs: [Job], _ letters: [Letter?], _ known: [MailKey: MailRecord]
  ) async throws -> [Step] {
    try await desk.reconcile(Array(zip(jobs, letters)), about: \.0.key) { item, facts in
      let (job, found) = item
      guard let letter = found else { return .end(.end(job.unexpected)) }
      let decided = DecisionTable.mailer.decide(
        MailSituation(
          kind: letter.kind, snapshot: letter.snapshot, facts: facts, attempt: letter.attempt))
      let fault = "\(decided.rule): a \(letter.kind.rawValue) mail"
      guard let facts, decided.action != .wait else {
        return .end(.end(.later(Fault(.behind, "\(fault), the ledger has not caught up"))))
      }
      switch (decided.action, known[letter.key]?.state) {
      case (.park, _), (.wait, _):
        return .end(.end(.dead(Fault(.contradiction, "\(fault), message and ledger contradict"))))
      case (_, .sent?), (_, .refused?), (_, .suppressed?):
        let change = letter.answered(desk, decided, facts)
        return .commit(change, then: { .end(.done($0.events)) })
      case (.suppress, _):
        let change = try letter.suppression(desk, decided, facts)
        return .commit(change, then: { .end(.done($0.events)) })
      case (.send, .intended?): return .end(.send(letter, decided, facts))
      case (.send, nil):
        let change = letter.intent(desk, facts)
        return .commit(
          change,
          then: { $0.wasAnswered ? .end(.done($0.events)) : .send(letter, decided, facts) })
      }
    }
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
        group.addTask {
          let answer = await server.send([mail]).first ?? .later("the server said nothing")
          await arrivals.add(Sent(item: item, answer: answer))
        }
      }
      var outcomes: [(Int, Outcome)] = []
      while outcomes.count < items.count {
        let sent = await arrivals.take(after: Self.linger)
        outcomes += zip(sent, try await record(sent)).map { ($0.item.index, $1) }
      }
      return outcomes
    }
  }

  private func write(_ items: [Sending]) async throws -> [OutgoingMail] {
    var mails: [OutgoingMail] = []
    for item in items {
      let stored = try await desk.store.invoice(item.facts.invoice?.id ?? "")
      mails.append(
        try desktop.write(
          item.letter, facts: item.facts, draft: stored?.draft, at: desk.clock.now()))
    }
    return mails
  }

  // MARK: 3. Commit what the server said

  private func record(_ sent: [Sent]) async throws -> [Outcome] {
    try await desk.reconcile(sent, about: \.item.letter.job.key) { sent, facts in
      let item = sent.item
      let letter = item.letter
      switch sent.answer {
      case .accepted:
        let note = item.isResent ? MailRecord.resent : nil
        return .commit(
          try letter.end(.sent, desk, item.decided, item.facts, why: note),
          then: { .done($0.events) })
      case .refused(let why):
        return .commit(
          try letter.end(.refused, desk, item.decided, item.facts, why: why),
          then: { .done($0.events) })
      case .later(let why), .uncertain(let why):
        return .end(.later(Fault(.mailLater, "the mail server did not take it: \(why)")))
      }
    }
  }
}
