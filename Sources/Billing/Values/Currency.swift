/// An ISO 4217 currency: its code and how many decimals its minor unit has. Four bytes.
///
/// Funds, metals and test codes, which have no minor unit, are not currencies one can invoice in.
public struct Currency: Hashable, Sendable {
  /// The three letters, then the exponent, one byte each.
  private let packed: UInt32

  /// Throws `MoneyError.unknownCurrency` for anything but a three-letter code of the list.
  public init(_ code: String) throws {
    guard let key = Self.key(code.utf8), let exponent = Self.exponents[key] else {
      throw MoneyError.unknownCurrency(code)
    }
    packed = key << 8 | UInt32(exponent)
  }

  public var code: String {
    String(
      decoding: [UInt8(packed >> 24), UInt8(packed >> 16 & 0xFF), UInt8(packed >> 8 & 0xFF)],
      as: UTF8.self)
  }

  /// Decimals of the minor unit: CHF 2, JPY 0, KWD 3, CLF 4.
  public var exponent: Int { Int(packed & 0xFF) }

  /// Every code of the list, in alphabetical order.
  public static var allCodes: [String] {
    ISO4217.codesByExponent.flatMap { $0.codes.split(separator: " ").map(String.init) }.sorted()
  }

  private static let exponents: [UInt32: UInt8] = {
    var exponents: [UInt32: UInt8] = [:]
    for (exponent, codes) in ISO4217.codesByExponent {
      for code in codes.split(separator: " ") {
        if let key = key(code.utf8) { exponents[key] = exponent }
      }
    }
    return exponents
  }()

  private static func key(_ code: some Collection<UInt8>) -> UInt32? {
    guard code.count == 3 else { return nil }
    return code.reduce(0) { $0 << 8 | UInt32($1) }
  }
}

extension Currency: CustomStringConvertible {
  public var description: String { code }
}

/// As its code: `"CHF"`.
extension Currency: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let code = try container.decode(String.self)
    do {
      self = try Currency(code)
    } catch {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(error)")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(code)
  }
}

/// The currencies of ISO 4217 with their minor units. BGN and ANG, withdrawn in 2025, stay: months
/// of that year are still closed and corrected in them.
enum ISO4217 {
  static let codesByExponent: [(exponent: UInt8, codes: String)] = [
    (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
    (
      2,
      """
      AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN \
      BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP \
      GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP \
      LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR \
      NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN \
      SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER \
      ZAR ZMW ZWG
      """
    ),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (4, "CLF UYW"),
  ]
}
