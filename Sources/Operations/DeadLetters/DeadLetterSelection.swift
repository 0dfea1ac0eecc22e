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
