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

/// What would happen to a dead letter if it were sent again now.
public enum DeadLetterClass: String, Sendable, CaseIterable {
  /// Its answer is still missing and can be given.
  case needed
  /// Its service has answered it, or its purpose is fulfilled.
  case done
  /// Message and ledger cannot both be right: it would come back.
  case contradicts
  /// Its body is not a message this version can read.
  case undecodable
}

/// A class, with the rule that assigned it and a short reason.
public struct DeadLetterClassification: Sendable, Equatable {
  public var letterClass: DeadLetterClass
  public var rule: String
  public var why: String

  public init(_ letterClass: DeadLetterClass, rule: String, why: String) {
    self.letterClass = letterClass
    self.rule = rule
    self.why = why
  }
}

extension DeadLetterClassification {
  /// Found and done, in the words of the service's own table.
  init<Situation, Action>(
    _ letterClass: DeadLetterClass, _ decided: Decided<Action>,
    of table: DecisionTable<Situation, Action>
  ) {
    let row = table.rows.first { $0.rule == decided.rule }
    self.init(
      letterClass, rule: decided.rule, why: row.map { "\($0.found): \($0.does)" } ?? "")
  }

  static func unreadable(_ fault: MessageFault) -> DeadLetterClassification {
    DeadLetterClassification(.undecodable, rule: fault.reason, why: fault.description)
  }

  static let notWhole = DeadLetterClassification(
    .undecodable, rule: FaultReason.tooLarge.rawValue,
    why: "its body exceeds the size limit; only the broker's own tools can read it")

  static let answered = DeadLetterClassification(
    .done, rule: "answered", why: "its service has already answered this message")

  static func notCommitted(_ missing: NotCommitted, _ type: EventType) -> DeadLetterClassification {
    DeadLetterClassification(
      .contradicts, rule: FaultReason.notCommitted.rawValue, why: missing.sentence(about: type))
  }

  static func unexpected(_ job: Job) -> DeadLetterClassification {
    DeadLetterClassification(
      .contradicts, rule: FaultReason.unexpectedType.rawValue,
      why: "\(job.type.rawValue) does not belong in this queue")
  }
}
