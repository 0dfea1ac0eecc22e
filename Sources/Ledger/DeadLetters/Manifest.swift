import Billing

/// What an operator does with dead letters.
public enum DeadLetterAction: String, Sendable, CaseIterable {
  /// Sent again, as it is, to the service that could not work it.
  case replay
  /// Replaced by an event with a new snapshot.
  case refresh
  /// Given up; its body is kept in the ledger.
  case discard
}

/// A selection of dead letters, frozen before any of them moves.
public struct Manifest: Sendable, Equatable {
  public var id: String
  public var action: DeadLetterAction
  public var operatorName: String
  public var reason: String
  /// How the letters were chosen, in words.
  public var selection: String
  /// The maximum number of letters per second; `nil` for no limit.
  public var perSecond: Int?
  public var createdAt: Instant
  public var finishedAt: Instant?

  public init(
    id: String, action: DeadLetterAction, operatorName: String, reason: String,
    selection: String, perSecond: Int? = nil, createdAt: Instant, finishedAt: Instant? = nil
  ) {
    self.id = id
    self.action = action
    self.operatorName = operatorName
    self.reason = reason
    self.selection = selection
    self.perSecond = perSecond
    self.createdAt = createdAt
    self.finishedAt = finishedAt
  }
}

/// One letter of a manifest, and how far it is.
public struct ManifestLetter: Sendable, Equatable {
  public enum State: String, Sendable, CaseIterable {
    case planned
    /// Its audit row is there.
    case recorded
    /// What replaces it is with the broker, confirmed.
    case published
    /// Off the dead letters.
    case removed
    /// Somebody else took it off before we could.
    case absent
  }

  public var letter: String
  public var queue: String
  public var messageID: String
  /// SHA-256 of the body, in hexadecimal.
  public var bodyHash: String
  /// What the ledger said of it when the selection was frozen.
  public var letterClass: String
  /// How often it had been replayed when the selection was frozen: a copy that comes back is not
  /// taken for the one that left.
  public var replays: Int
  /// Where it goes: `monthclose/replay.charger`, or the id of the event that replaces it.
  public var target: String
  public var state: State

  public init(
    letter: String, queue: String, messageID: String, bodyHash: String, letterClass: String,
    replays: Int, target: String, state: State = .planned
  ) {
    self.letter = letter
    self.queue = queue
    self.messageID = messageID
    self.bodyHash = bodyHash
    self.letterClass = letterClass
    self.replays = replays
    self.target = target
    self.state = state
  }
}

/// The audit row of a letter that is about to be moved. Operator, reason and action are those of
/// its manifest.
public struct DeadLetterRecord: Sendable, Equatable {
  public var manifest: Manifest
  public var letter: String
  public var at: Instant
  public var queue: String
  public var messageID: String
  public var bodyHash: String
  public var target: String
  /// Which replay of the message this is, from 1; 0 where it is not replayed.
  public var replays: Int
  /// Why it was a dead letter.
  public var fault: String
  /// Kept where the letter is given up.
  public var body: [UInt8]?

  public init(
    manifest: Manifest, letter: String, at: Instant, queue: String, messageID: String,
    bodyHash: String, target: String, replays: Int, fault: String, body: [UInt8]? = nil
  ) {
    self.manifest = manifest
    self.letter = letter
    self.at = at
    self.queue = queue
    self.messageID = messageID
    self.bodyHash = bodyHash
    self.target = target
    self.replays = replays
    self.fault = fault
    self.body = body
  }
}

public struct MovedLetterTally: Sendable, Equatable {
  public var letters: Int
  /// `LETTER of MANIFEST`
  public var unrecorded: Violations

  public init(letters: Int, unrecorded: Violations) {
    self.letters = letters
    self.unrecorded = unrecorded
  }
}
