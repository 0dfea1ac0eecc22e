import ArgumentParser
import Billing
import Broker
import Ledger
import Services

struct StatusCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show progress by stage, rate, expected end, and stragglers by name.",
    discussion: """
      While accounts are unfinished, shows what each is waiting for and since when, how many \
      messages and consumers the services' queues have, and what is due later.

      Exits 1 if there is no such close. With --watch, keeps updating until the close finishes: \
      redrawn in place on a terminal, otherwise one line every few seconds. Watching a close that \
      was not started stops after 15 seconds with a message.

      Example:
        closectl close status 2026-11 --watch
      """)

  @Argument(help: .period, transform: NamedPeriod.init)
  var named: NamedPeriod
  @Flag(help: "Keep updating until the close has finished.")
  var watch = false
  @OptionGroup var shared: SharedOptions

  func perform(in session: Session) async throws -> CommandOutput {
    let period = try named.period(at: session.clock.now())
    if watch { return try await StatusWatch(period: period, session: session).follow() }
    let status = try await StatusReader(period: period, session: session).read()
    return status.output(style: session.output.style)
  }
}

/// Reads where a close is, from the ledger and the dead letter queues.
struct StatusReader {
  private static let parkedShown = 10

  let period: Period
  let session: Session

  /// `watching`: called repeatedly, so nothing slow is read and no dead letters are taken from the
  /// broker, because each read raises their delivery count.
  func read(watching: Bool = false) async throws -> CloseStatus {
    let store = try await session.store()
    var status: CloseStatus
    if let progress = try await store.progress(period) {
      status = CloseStatus(progress)
      if !watching { status.late = try await LateArrivals(progress.run, in: store) }
    } else {
      status = CloseStatus(
        period: period, accounts: watching ? 0 : try await store.startFacts(period).accounts)
    }
    status.triggers = try await store.triggers(of: period).map(CloseStatus.Trigger.init)
    if !watching {
      status.unclosed = try await UnclosedMonths(before: period, in: store).months
      status.unpriced = try await UnpricedDocument(of: period, in: store)
    }
    status.dead = Known(await deadLetters())
    try await readWaiting(&status, store, watching: watching)
    if !watching, status.state != "open" {
      status.mails = try await MailTroubles(period, in: store)
    }
    if !watching, status.ends[AccountEnd.parked.rawValue] ?? 0 > 0 {
      status.parked = try await store.parked(period, limit: Self.parkedShown).map {
        CloseStatus.Parked(account: $0.account, rule: $0.rule, why: $0.why)
      }
      status.lackingCatalog = try await LackingCatalogs(period, in: store).currencies
    }
    if !watching, status.dead.value ?? 0 > 0 {
      status.deadLetters = await DeadTallyReader(session: session).read()
    }
    return status
  }

  /// What it waits for: from the ledger for whom, from the broker where.
  private func readWaiting(
    _ status: inout CloseStatus, _ store: LedgerStore, watching: Bool
  ) async throws {
    let reader = QueueReader(session: session)
    let isOpen = status.state == "open"
    let services: [ServiceName] = isOpen ? [.invoicer] : MonthClose.services
    status.queues = Known(await reader.read(services, withDelays: isOpen || !watching))
    if !watching {
      let now = session.clock.now()
      for index in status.waiting.indices {
        let account = status.waiting[index].account
        guard let story = try await store.story(of: account, period: period) else { continue }
        status.waiting[index].explain(
          Standing(story, period: period, at: now), startedAt: status.startedAt)
      }
      status.due = try await store.dueTallies(period, at: now).map(CloseStatus.Due.init)
    }
    status.limits = status.limiting
  }

  /// `nil` if the broker cannot be reached; the ledger's part is still worth showing.
  private func deadLetters() async -> Int? {
    let consequence = DeadTallyReader.consequence
    guard let broker = await session.brokerIfReachable(otherwise: consequence) else { return nil }
    do {
      var sum = 0
      for service in MonthClose.services {
        let depth = try await broker.depth(of: MonthClose.deadQueue(of: service))
        sum += depth?.messages ?? 0
      }
      return sum
    } catch {
      await session.noteOnce("\(error); \(consequence)")
      return nil
    }
  }
}
