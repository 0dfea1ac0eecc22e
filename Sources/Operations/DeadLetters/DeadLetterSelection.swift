import Billing
import Broker
import Ledger
import Services

/// A dead letter that was chosen, without its body.
public struct ChosenDeadLetter: Sendable, Equatable {
  public var id: String
  public var service: ServiceName
  public var queue: String
  public var messageID: String
  public var type: String
  public var reason: String
  public var bodyHash: String
  public var replays: Int
  public var isWhole: Bool
  public var target: String
  public var classification: DeadLetterClassification
  /// How many copies of the same message lie there.
  public var copies = 1

  public init(_ letter: DeadLetter, _ classification: DeadLetterClassification) {
    id = letter.id
    service = letter.service
    queue = letter.delivery.queue
    messageID = letter.messageID
    type = letter.type
    reason = letter.reason
    bodyHash = letter.bodyHash
    replays = letter.replays
    isWhole = letter.isWhole
    target = letter.replayTarget
    self.classification = classification
  }

  public var planned: ManifestLetter {
    ManifestLetter(
      letter: id, queue: queue, messageID: messageID, bodyHash: bodyHash,
      letterClass: classification.letterClass.rawValue, replays: replays, target: target)
  }
}

/// Reads dead letters, page by page; nothing leaves its queue.
public struct DeadLetterReader: Sendable {
  let broker: any Broker
  let clock: LedgerClock

  public init(broker: any Broker, clock: LedgerClock) {
    self.broker = broker
    self.clock = clock
  }

  public static let page = 500
  /// After a read, the broker needs a moment to return what it had handed out.
  private static let waits = 50

  /// Another program holds letters, which a read would miss.
  public struct BeingRead: Error, CustomStringConvertible {
    public var queue: String
    public var description: String {
      "another program is reading \(queue), and the messages it holds would be missed; "
        + "try again when it has finished"
    }
  }

  /// Waits until no other program holds letters of the queue, or throws `BeingRead`.
  public static func waitForOthers(_ queue: String, _ broker: any Broker) async throws {
    for _ in 0..<waits {
      guard let depth = try await broker.depth(of: queue), depth.consumers > 0 else { return }
      try await Task.sleep(for: .milliseconds(200))
    }
    throw BeingRead(queue: queue)
  }

  /// Hands over what matches, one page at a time, service by service.
  public func read(
    _ filter: DeadLetterFilter, _ visit: ([DeadLetter]) async throws -> Void
  ) async throws {
    let now = clock.now()
    for service in filter.services {
      let queue = MonthClose.deadQueue(of: service)
      try await Self.waitForOthers(queue, broker)
      _ = try await broker.browse(queue, page: Self.page) { page in
        let letters = page.map { DeadLetter($0, of: service) }.filter {
          filter.matches($0, at: now)
        }
        if !letters.isEmpty { try await visit(letters) }
      }
    }
  }

  /// All matching letters, classified; each once, however many copies there are.
  public func choose(_ filter: DeadLetterFilter, _ classifier: DeadLetterClassifier) async throws
    -> [ChosenDeadLetter]
  {
    var chosen: [ChosenDeadLetter] = []
    var places: [String: Int] = [:]
    try await read(filter) { letters in
      for (letter, classification) in zip(
        letters, try await classifier.classifications(of: letters))
      {
        if let place = places[letter.id] {
          chosen[place].copies += 1
        } else {
          places[letter.id] = chosen.count
          chosen.append(ChosenDeadLetter(letter, classification))
        }
      }
    }
    return chosen
  }

  /// The first copy of a letter; `nil` when there is none.
  public func find(_ id: String) async throws -> (letter: DeadLetter, copies: Int)? {
    var found: DeadLetter?
    var copies = 0
    var filter = DeadLetterFilter()
    filter.ids = [id]
    try await read(filter) { letters in
      found = found ?? letters.first
      copies += letters.count
    }
    return found.map { ($0, copies) }
  }
}

/// Selects dead letters. Every given condition must hold.
public struct DeadLetterFilter: Sendable, Equatable {
  public var service: ServiceName?
  public var reason: String?
  public var account: String?
  /// With or without a version: `invoice.issued`.
  public var type: String?
  /// Dead for more, or for fewer, than this many seconds.
  public var olderThanSeconds: Int64?
  public var youngerThanSeconds: Int64?
  /// What is open by its snapshot, in the same currency.
  public var amountOver: Money?
  /// `nil`: all that the rest leaves.
  public var ids: Set<String>?

  public init() {}

  public var services: [ServiceName] { service.map { [$0] } ?? MonthClose.services }

  /// Whether any condition requires the body.
  private var asksBody: Bool { account != nil || amountOver != nil }

  public func matches(_ letter: DeadLetter, at now: Instant) -> Bool {
    if let ids, !ids.contains(letter.id) { return false }
    if let service, letter.service != service { return false }
    if let reason, letter.reason != reason { return false }
    if let type, letter.type != type, Self.withoutVersion(letter.type) != type { return false }
    return isOfAge(letter, now) && (!asksBody || bodyMatches(letter))
  }

  /// A letter that does not say when it failed has no age.
  private func isOfAge(_ letter: DeadLetter, _ now: Instant) -> Bool {
    if olderThanSeconds == nil && youngerThanSeconds == nil { return true }
    guard let failed = letter.lastFailedAt else { return false }
    let age = (now.milliseconds - failed.milliseconds) / 1000
    if let olderThanSeconds, age <= olderThanSeconds { return false }
    if let youngerThanSeconds, age >= youngerThanSeconds { return false }
    return true
  }

  private func bodyMatches(_ letter: DeadLetter) -> Bool {
    let event: Event
    do { event = try letter.event() } catch { return false }
    let snapshot = event.data.snapshot
    if let account, account != snapshot?.account ?? event.subject { return false }
    guard let amountOver else { return true }
    guard let snapshot, snapshot.currency == amountOver.currency else { return false }
    let open = snapshot.invoice?.open ?? event.data.payment?.amount ?? 0
    return open > amountOver.amountMinor
  }

  private static func withoutVersion(_ type: String) -> String {
    String(type.prefix(upTo: type.lastIndex(of: ".") ?? type.endIndex))
  }

  /// For the record of what was chosen.
  public var words: String {
    let parts: [String?] = [
      service.map { "service \($0.rawValue)" }, reason.map { "reason \($0)" },
      account.map { "account \($0)" }, type.map { "type \($0)" },
      olderThanSeconds.map { "older than \($0) s" },
      youngerThanSeconds.map { "younger than \($0) s" },
      amountOver.map { "more than \($0) open" },
      ids.map { "ids \($0.sorted().joined(separator: ","))" },
    ]
    let conditions = parts.compactMap { $0 }
    return conditions.isEmpty ? "all" : conditions.joined(separator: ", ")
  }
}

/// How many dead letters there are, by service and reason.
public struct DeadLetterCounts: Sendable, Equatable {
  public struct Key: Sendable, Hashable, Comparable {
    public var service: ServiceName
    public var reason: String

    public init(_ service: ServiceName, _ reason: String) {
      self.service = service
      self.reason = reason
    }

    public static func < (left: Key, right: Key) -> Bool {
      (left.place, left.reason) < (right.place, right.reason)
    }

    /// In the order of the work.
    private var place: Int { MonthClose.services.firstIndex(of: service) ?? .max }
  }

  public private(set) var counts: [Key: Int] = [:]
  /// Letters beyond the limit: counted, their reasons not read.
  public private(set) var unread: [ServiceName: Int] = [:]

  public init() {}

  public var total: Int { counts.values.reduce(0, +) + unread.values.reduce(0, +) }

  public mutating func add(_ service: ServiceName, _ reason: String) {
    counts[Key(service, reason), default: 0] += 1
  }

  /// Reads headers, up to `limit` letters per queue, but no bodies. A missing queue has none.
  public static func read(_ broker: any Broker, limit: Int = 20_000) async throws
    -> DeadLetterCounts
  {
    var counts = DeadLetterCounts()
    for service in MonthClose.services {
      let queue = MonthClose.deadQueue(of: service)
      guard let depth = try await broker.depth(of: queue), depth.messages > 0 else { continue }
      var reasons: [String] = []
      do {
        _ = try await broker.browse(queue, page: 500) { page in
          reasons += page.map { DeadLetter.reason($0.headers) }
          if reasons.count >= limit { throw EnoughRead() }
        }
      } catch is EnoughRead {
        if depth.messages > reasons.count {
          counts.unread[service] = depth.messages - reasons.count
        }
      }
      for reason in reasons { counts.add(service, reason) }
    }
    return counts
  }

  private struct EnoughRead: Error {}
}
