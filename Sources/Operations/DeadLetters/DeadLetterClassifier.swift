import Billing
import Broker
import Ledger
import Services

/// Classifies dead letters by the current facts: the ledger's contents, put to the same tables the
/// services decide by. Only reads.
public struct DeadLetterClassifier: Sendable {
  let store: any Store
  let clock: LedgerClock
  let monthsBack: Int

  public init(
    store: any Store, clock: LedgerClock, monthsBack: Int = StartSituation.usualMonthsBack
  ) {
    self.store = store
    self.clock = clock
    self.monthsBack = monthsBack
  }

  /// In order.
  public func classifications(of letters: [DeadLetter]) async throws -> [DeadLetterClassification] {
    var classifications = [DeadLetterClassification?](repeating: nil, count: letters.count)
    for service in MonthClose.services {
      let own = letters.indices.filter { letters[$0].service == service }
      if own.isEmpty { continue }
      for (index, classification) in zip(
        own, try await self.classifications(of: own.map { letters[$0] }, service))
      {
        classifications[index] = classification
      }
    }
    return classifications.map {
      $0 ?? DeadLetterClassification(.contradicts, rule: "no-service", why: "no such service")
    }
  }

  private func classifications(
    of letters: [DeadLetter], _ service: ServiceName
  ) async throws -> [DeadLetterClassification] {
    var classifications = [DeadLetterClassification?](repeating: nil, count: letters.count)
    var readable: [(index: Int, job: Job)] = []
    for (index, letter) in letters.enumerated() {
      guard letter.isWhole else {
        classifications[index] = .notWhole
        continue
      }
      do throws(MessageFault) {
        readable.append((index, try Job(letter)))
      } catch {
        classifications[index] = .unreadable(error)
      }
    }
    let found = try await store.recognise(readable.map(\.job.received), by: service)
    var open: [(index: Int, job: Job)] = []
    for (item, recognition) in zip(readable, found) {
      switch recognition {
      case .answered: classifications[item.index] = .answered
      case .notCommitted(let why): classifications[item.index] = .notCommitted(why, item.job.type)
      case .fresh: open.append(item)
      }
    }
    for (item, classification) in zip(open, try await decided(open.map(\.job), by: service)) {
      classifications[item.index] = classification
    }
    return classifications.compactMap { $0 }
  }

  private func decided(_ jobs: [Job], by service: ServiceName) async throws
    -> [DeadLetterClassification]
  {
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
        return DeadLetterClassification(.needed, decided, of: .reporter)
      }
    }
  }
}

extension Job {
  /// As the service would read it.
  init(_ letter: DeadLetter) throws(MessageFault) {
    self.init(event: try letter.event(), delivery: letter.delivery)
  }
}
