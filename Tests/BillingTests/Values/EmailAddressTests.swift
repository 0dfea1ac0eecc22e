import Billing
import Testing

/// RFC 5321's everyday form. What it leaves out (quoted local parts, comments, address literals,
/// SMTPUTF8) a mail server may take, but many refuse.
@Suite struct EmailAddressTests {
  @Test(arguments: [
    "a@b", "a@b.ch", "first.last+tag@sub.example.com", "o'brien@example.com", "A@EXAMPLE.COM",
    "!#$%&'*+-/=?^_`{|}~@example.com", "a@xn--r8jz45g.jp", "a@1.2.3.4", "a@b-c.ch",
    String(repeating: "a", count: 64) + "@b.ch", "a@" + String(repeating: "b", count: 63) + ".ch",
    "a@" + String(repeating: "b.", count: 125) + "ch",
  ])
  func `Addresses are taken`(_ text: String) {
    #expect(EmailAddress(text)?.text == text)
  }

  @Test(arguments: [
    "", "a", "@", "a@", "@b.ch", "a@b@c.ch", "a..b@x.com", ".a@b.ch", "a.@b.ch", "a b@c.ch",
    "\"a\"@b.ch", "\"a b\"@c.ch", "\"a..b\"@c.ch", "a(x)@b.ch", "<a@b.ch>", "A <a@b.ch>",
    "a@[127.0.0.1]", "a@[IPv6:::1]", "a@b..ch", "a@.ch", "a@b.ch.", "a@-b.ch", "a@b-.ch",
    "a@b_c.ch",
    "a,b@c.ch", "a;b@c.ch", "a:b@c.ch", "a\\@b.ch", "ä@b.ch", "a@ä.ch", "a@b.ch\n",
    "a@b.ch\r\nX: y",
    "a\u{0}@b.ch", "a＠b.ch", String(repeating: "a", count: 65) + "@b.ch",
    "a@" + String(repeating: "b", count: 64) + ".ch",
    "a@" + String(repeating: "b.", count: 126) + "c",
  ])
  func `What mail cannot be sent to is none`(_ text: String) {
    #expect(EmailAddress(text) == nil)
  }
}
