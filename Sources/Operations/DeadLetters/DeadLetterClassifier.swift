import Billing
import Broker
import Ledger
import Services

/// Classifies dead letters by the current facts: the ledger's contents, put to the same tables the
/// services decide by. Only reads.
public struct DeadLetterClassifier: Sendable {
  let store: LedgerStore
  let clock: LedgerClock
  let monthsBack: Int

  public init(
    store: LedgerStore, clock: LedgerClock, monthsBack: Int = StartSituation.usualMonthsBack
  ) {
    self.store = store
    self.clock = clock
    self.monthsBack = monthsBack
  }

  /// In order.
  public func verdicts(of letters: [DeadLetter]) async throws -> [Verdict] {
    var verdicts = [Verdict?](repeating: nil, count: letters.count)
    for service in MonthClose.services {
      let mine = letters.indices.filter { letters[$0].service == service }
      if mine.isEmpty { continue }
      for (index, verdict) in zip(
        mine, try await self.verdicts(of: mine.map { letters[$0] }, service))
      {
        verdicts[index] = verdict
      }
    }
    return verdicts.map { $0 ?? Verdict(.contradicts, rule: "no-service", why: "no such service") }
  }

  private func verdicts(
    of letters: [DeadLetter], _ service: ServiceName
  ) async throws -> [Verdict] {
    var verdicts = [Verdict?](repeating: nil, count: letters.count)
    var readable: [(index: Int, job: Job)] = []
    for (index, letter) in letters.enumerated() {
      guard letter.isWhole else {
        verdicts[index] = .notWhole
        continue
      }
      do throws(MessageFault) {
        readable.append((index, try Job(letter)))
      } catch {
        verdicts[index] = .unreadable(error)
      }
    }
    let found = try await store.recognise(readable.map(\.job.received), by: service)
    var open: [(index: Int, job: Job)] = []
    for (item, recognition) in zip(readable, found) {
      switch recognition {
      case .answered: verdicts[item.index] = .answered
      case .notCommitted(let why): verdicts[item.index] = .notCommitted(why, item.job.type)
      case .fresh: open.append(item)
      }
    }
    for (item, verdict) in zip(open, try await decided(open.map(\.job), by: service)) {
      verdicts[item.index] = verdict
    }
    return verdicts.compactMap { $0 }
  }

  private func decided(_ jobs: [Job], by service: ServiceName) async throws -> [Verdict] {
    if jobs.isEmpty { return [] }
    switch service {
    case .invoicer: return try await byInvoicer(jobs)
    case .charger: return try await byCharger(jobs)
    case .mailer: return try await byMailer(jobs)
    case .holder: return try await byHolder(jobs)
    case .reporter, .closectl:
      // The reporter keeps a set: anything missing from it is needed.
      return jobs.map { job in
        let mail = job.event.data.mail?.kind
        let decided = DecisionTable.reporter.decide(ReportSituation(type: job.type, mail: mail))
        return Verdict(.needed, decided, of: .reporter)
      }
    }
  }
}

extension Job {
  /// As the service would read it.
  init(_ letter: DeadLetter) throws(MessageFault) {
    let event = try letter.event()
    guard let type = EventType(rawValue: event.type) else {
      throw MessageFault.unknownType(event.type)
    }
    self.init(event: event, type: type, delivery: letter.delivery)
  }
}
