import Billing

/// A message as it was received, to be looked up among what was committed.
public struct ReceivedMessage: Sendable, Equatable {
  public var id: String
  /// The service whose event it has to be; `nil` for a trigger, which no ledger has.
  public var sender: ServiceName?
  public var body: [UInt8]
  /// A trigger that came as a replay: the dead letter it has to be.
  public var replay: ReplayedLetter?

  public init(id: String, sender: ServiceName?, body: [UInt8], replay: ReplayedLetter? = nil) {
    self.id = id
    self.sender = sender
    self.body = body
    self.replay = replay
  }
}

/// A dead letter as an operator's record of a replay names it.
public struct ReplayedLetter: Sendable, Equatable {
  public var id: String
  public var bodyHash: String

  public init(id: String, bodyHash: String) {
    self.id = id
    self.bodyHash = bodyHash
  }
}

/// What the ledger says of a message before anybody acts on it.
public enum Recognition: Sendable, Equatable {
  /// Committed, and not answered yet by the service that asks.
  case fresh
  /// Answered before, with the events that came of it whose publication is not recorded.
  case answered([StoredEvent])
  case notCommitted(NotCommitted)
}

/// What is missing of a message that nobody committed.
public enum NotCommitted: Sendable, Equatable {
  case noSuchEvent
  case otherBytes
  /// No operator replayed this trigger.
  case notReplayed
  /// There is an event of this id, by a service that does not send this type.
  case anotherService(String)
}

extension ReceivedMessage {
  /// A message with a new snapshot (`dead refresh`) is an operator's, whatever its type.
  public init(_ event: Event, body: [UInt8]) {
    let sender = event.type.sender.map { event.refreshof == nil ? $0 : .closectl }
    self.init(id: event.id, sender: sender, body: body)
  }
}
