import Broker

/// Our headers. Not `x-`, because newer brokers ignore those from clients.
public enum Header {
  public static let attempts = "mc-attempts"
  /// How often it was also put off because something it needs was down.
  public static let putOffs = "mc-put-offs"
  public static let firstFailedAt = "mc-first-failed-at"
  public static let lastFailedAt = "mc-last-failed-at"
  public static let reason = "mc-reason"
  public static let error = "mc-error"
  public static let queue = "mc-queue"
  /// How often an operator has sent a dead letter again, and under which manifest last.
  public static let replays = "mc-replays"
  public static let replayedBy = "mc-replayed-by"

  /// Headers added to a failed message on its way to the dead letters.
  public static let ofFailure: Set<String> = [
    attempts, putOffs, firstFailedAt, lastFailedAt, reason, error, queue,
  ]

  /// With these the broker sends copies to other keys. It checks no rights for them, and removes
  /// `BCC` before delivery.
  static let copies = ["CC", "BCC"]

  /// The headers a copy of a message keeps: not the broker's own, none that would send it
  /// elsewhere, and none of others if all together would not fit.
  public static func carriedOn(_ headers: [String: HeaderValue]) -> [String: HeaderValue] {
    let kept = headers.filter { !$0.key.hasPrefix("x-") && !copies.contains($0.key) }
    let size = OutgoingMessage.bytes(ofHeaders: kept)
    if let size, size + roomForOurs <= OutgoingMessage.maximumHeaderBytes { return kept }
    return kept.filter { name, value in
      guard ofFailure.contains(name) || [replays, replayedBy].contains(name) else { return false }
      if case .string(let text) = value { return text.utf8.count <= longestOfOurs }
      return true
    }
  }

  /// Room for the headers of a failed message: the sentence has at most 1,000 characters of 4
  /// bytes.
  private static let roomForOurs = 6_000
  private static let longestOfOurs = 1_000
}
