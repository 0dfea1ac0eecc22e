import Broker
import Endpoints
import Logging
import Mail

/// The form a setting's text must have, and the value it becomes.
struct SettingParser<Value>: Sendable {
  /// Ends the sentence "expected …".
  let expects: String
  let parse: @Sendable (String) -> Value?
}

extension SettingParser where Value == String {
  static func url(_ schemes: String...) -> Self {
    let forms = schemes.map { "\($0)://…" }.joined(separator: " or ")
    return .init(expects: "a URL \(forms)") { text in
      guard let url = ServerURL(text), schemes.contains(url.scheme) else { return nil }
      return text
    }
  }

  /// Several nodes of one broker are separated by commas.
  static let broker = Self(expects: "one or more URLs amqp://… or amqps://…, comma-separated") {
    text in
    let isGood = BrokerURL.parts(of: text).allSatisfy { part in
      ServerURL(part).map { ["amqp", "amqps"].contains($0.scheme) } ?? false
    }
    // A trailing comma would be part of the last URL's virtual host.
    return isGood && !text.hasSuffix(",") ? text : nil
  }

  /// The store decides which kinds of store a program can open.
  static let store = Self(expects: "sqlite:PATH or postgres://…") { text in
    let path = text.hasPrefix("sqlite:") ? text.dropFirst("sqlite:".count) : ""
    let isPostgres = text.hasPrefix("postgres://") || text.hasPrefix("postgresql://")
    return !path.isEmpty || isPostgres ? text : nil
  }

  static let secret = Self(expects: "printable characters without spaces") { text in
    text.utf8.allSatisfy { 0x21...0x7E ~= $0 } ? text : nil
  }

  static let mailbox = Self(expects: "an e-mail address, or Name <address>") { text in
    Mailbox(text) == nil ? nil : text
  }
}

extension SettingParser where Value == String? {
  static let path = Self(expects: "a path") { text in
    text.utf8.contains(0) ? nil : .some(text)
  }
}

extension SettingParser where Value == ListenAddress? {
  static let address = Self(expects: "host:port") { text in
    ListenAddress(text).map { .some($0) }
  }
}

extension SettingParser where Value == CrashTrigger? {
  static let crashPoint = Self(
    expects: "NAME or NAME:N, with a name from `closectl probe boundaries`"
  ) { text in
    CrashTrigger(text).map { .some($0) }
  }
}

extension SettingParser where Value == Int {
  static func integer(_ range: ClosedRange<Int>) -> Self {
    .init(expects: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
      Int(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }
}

extension SettingParser where Value == Bool {
  static let answer = Self(expects: "yes or no") { ["yes": true, "no": false][$0] }
}

extension SettingParser where Value == Logger.Level {
  static let logLevel = Self(
    expects: "one of " + Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
  ) { Logger.Level(rawValue: $0) }
}

extension SettingParser where Value == LogFormat {
  static let logFormat = Self(expects: "text or json") { LogFormat(rawValue: $0) }
}

extension SettingParser where Value == [Int] {
  /// At most 14 further attempts: card networks punish more than 15 in 30 days.
  static let days = Self(expects: "1 to 14 ascending numbers of days from 1 to 365, like 3,5,7") {
    text in
    let days = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    let isRising = zip(days, days.dropFirst()).allSatisfy { $0 < $1 }
    return days.count <= 14 && isRising && days.allSatisfy { 1...365 ~= $0 } ? days : nil
  }
}

extension SettingParser where Value == [Duration] {
  static let delays = Self(
    expects: "1 to 10 ascending delays from 1s to 24h, like 1s,10s,1m,1h"
  ) { text in
    let seconds = text.split(separator: ",", omittingEmptySubsequences: false).map(Self.seconds)
    let isGrowing = zip(seconds, seconds.dropFirst()).allSatisfy { $0 < $1 }
    guard seconds.count <= 10, isGrowing, seconds.allSatisfy({ 1...86_400 ~= $0 }) else {
      return nil
    }
    return seconds.map { .seconds($0) }
  }

  /// 0 for what is not a number with `s`, `m` or `h`.
  private static func seconds(_ text: Substring) -> Int {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600]
    guard let unit = text.last.flatMap({ units[$0] }), let number = Int(text.dropLast()),
      1...86_400 ~= number
    else { return 0 }
    return number * unit
  }
}

extension SettingParser where Value == Set<PlaintextConnection> {
  static let plaintext = Self(
    expects: "one or more of " + PlaintextConnection.allCases.map(\.rawValue).joined(separator: ",")
  ) { text in
    let names = text.split(separator: ",", omittingEmptySubsequences: false)
    let known = names.compactMap { PlaintextConnection(rawValue: String($0)) }
    return known.count == names.count ? Set(known) : nil
  }
}

/// Where a program listens: `127.0.0.1:8080`, `[::1]:8080`; `:8080` is every interface.
public struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
  public let host: String
  public let port: Int

  init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      1...65_535 ~= port
    else { return nil }
    var host = text[..<colon]
    if host.first == "[", host.last == "]" {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    guard host.utf8.allSatisfy({ 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "/") }) else { return nil }
    self.host = host.isEmpty ? "0.0.0.0" : String(host)
    self.port = port
  }

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
