<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="3.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:xs="http://www.w3.org/2001/XMLSchema"
                xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:map="http://www.w3.org/2005/xpath-functions/map"
                xmlns:cda="urn:hl7-org:v3" xmlns:ecluse="urn:ecluse:schematron">
  <xsl:variable name="ecluse:sets"/>
  <xsl:variable name="ecluse:units"/>
  <!-- functions -->
  <xsl:key name="ecluse:code" match="c" use="concat(../@name, '|', @code)"/>
  <xsl:key name="ecluse:coded" match="c" use="concat(../@name, '|', @code, '|', @system)"/>

  <!-- XPath 1.0 takes the first node of a set for its string. -->
  <xsl:function name="ecluse:text" as="xs:string" version="3.0">
    <xsl:param name="value" as="item()*"/>
    <xsl:sequence select="if (empty($value)) then '' else string(head($value))"/>
  </xsl:function>

  <xsl:function name="ecluse:in-set" as="xs:boolean" version="3.0">
    <xsl:param name="name" as="item()*"/>
    <xsl:param name="code" as="item()*"/>
    <xsl:variable name="parts" select="tokenize(normalize-space(ecluse:text($code)), ' ')[. != '']"/>
    <xsl:sequence select="exists($parts) and (every $one in $parts satisfies
                          exists(key('ecluse:code', concat(ecluse:text($name), '|', $one), $ecluse:sets)))"/>
  </xsl:function>

  <xsl:function name="ecluse:in-set" as="xs:boolean" version="3.0">
    <xsl:param name="name" as="item()*"/>
    <xsl:param name="code" as="item()*"/>
    <xsl:param name="system" as="item()*"/>
    <xsl:sequence select="exists(key('ecluse:coded', concat(ecluse:text($name), '|', ecluse:text($code), '|',
                          ecluse:text($system)), $ecluse:sets))"/>
  </xsl:function>

  <xsl:function name="ecluse:in-list" as="xs:boolean" version="3.0">
    <xsl:param name="codes" as="item()*"/>
    <xsl:param name="code" as="item()*"/>
    <xsl:variable name="parts" select="tokenize(normalize-space(ecluse:text($code)), ' ')[. != '']"/>
    <xsl:variable name="known" select="tokenize(normalize-space(ecluse:text($codes)), ' ')"/>
    <xsl:sequence select="exists($parts) and (every $one in $parts satisfies $one = $known)"/>
  </xsl:function>

  <xsl:function name="ecluse:is-member" as="xs:boolean" version="3.0">
    <xsl:param name="name" as="item()*"/>
    <xsl:param name="text" as="item()*"/>
    <xsl:sequence select="exists(key('ecluse:code', concat(ecluse:text($name), '|', ecluse:text($text)), $ecluse:sets))"/>
  </xsl:function>

  <xsl:function name="ecluse:is" as="xs:boolean" version="3.0">
    <xsl:param name="form" as="item()*"/>
    <xsl:param name="value" as="item()*"/>
    <xsl:variable name="text" select="ecluse:text($value)"/>
    <xsl:variable name="oid" select="'[0-2](\.(0|[1-9][0-9]*))*'"/>
    <xsl:variable name="uuid" select="'[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}'"/>
    <xsl:choose>
      <xsl:when test="$form = 'ts'"><xsl:sequence select="matches($text, '^[0-9]{4}')"/></xsl:when>
      <xsl:when test="$form = 'instant'">
        <xsl:sequence select="matches($text, '^[0-9]{14}(\.[0-9]+)?(\+|-)[0-9]{4}$')"/>
      </xsl:when>
      <xsl:when test="$form = 'oid'"><xsl:sequence select="matches($text, concat('^', $oid, '$'))"/></xsl:when>
      <xsl:when test="$form = 'uid'">
        <xsl:sequence select="some $one in ($oid, $uuid) satisfies matches($text, concat('^', $one, '$'))"/>
      </xsl:when>
      <xsl:when test="$form = 'telecom'">
        <xsl:variable name="scheme" select="substring-before($text, ':')"/>
        <xsl:sequence select="$scheme = ('tel', 'fax', 'mailto', 'http', 'ftp', 'mllp')
                              and matches(substring-after($text, ':'), '^\S')"/>
      </xsl:when>
      <xsl:when test="$form = 'language'"><xsl:sequence select="matches($text, '[a-z]{2}-[A-Z]{2}')"/></xsl:when>
      <xsl:when test="$form = 'int'">
        <xsl:sequence select="$text = '' or (matches($text, '^-?[0-9]+$') and not(starts-with($text, '-0')))"/>
      </xsl:when>
      <xsl:when test="$form = 'cs'"><xsl:sequence select="$text != '' and not(matches($text, '\s'))"/></xsl:when>
      <xsl:when test="$form = 'uri'">
        <xsl:sequence select="every $one in string-to-codepoints($text) satisfies ($one gt 32 and $one lt 127
                              and not(codepoints-to-string($one) = ('&quot;', '&lt;', '&gt;', '\', '^', '`', '{', '|', '}')))"/>
      </xsl:when>
      <xsl:when test="$form = 'rfc3066'">
        <xsl:sequence select="matches($text, '^[a-z]{2}', 'i') or matches($text, '[ix](-[a-z0-9]{2,8})+$', 'i')"/>
      </xsl:when>
      <xsl:when test="$form = 'ucum'"><xsl:sequence select="ecluse:is-unit($text)"/></xsl:when>
      <xsl:otherwise><xsl:sequence select="error(xs:QName('ecluse:form'), string($form))"/></xsl:otherwise>
    </xsl:choose>
  </xsl:function>

  <!-- A term in brackets that is right becomes a mark, from the inside out; what is left is a term without brackets. -->
  <xsl:function name="ecluse:is-unit" as="xs:boolean" version="3.0">
    <xsl:param name="text" as="xs:string"/>
    <xsl:variable name="rest" select="replace($text, '\{.[a-z]*.\}', '')"/>
    <xsl:sequence select="string-length($text) le 100 and ($rest = '' or $rest = $ecluse:units)"/>
  </xsl:function>

  <xsl:function name="ecluse:type-is" as="xs:boolean" version="3.0">
    <xsl:param name="elements" as="node()*"/>
    <xsl:param name="name" as="item()*"/>
    <xsl:variable name="element" select="head($elements)"/>
    <xsl:variable name="type" select="normalize-space($element/@xsi:type)"/>
    <xsl:variable name="prefix" select="if (contains($type, ':')) then substring-before($type, ':') else ''"/>
    <xsl:sequence select="exists($element) and tokenize($type, ':')[last()] = ecluse:text($name)
                          and namespace-uri-for-prefix($prefix, $element) = 'urn:hl7-org:v3'"/>
  </xsl:function>

  <xsl:function name="ecluse:half-null" as="xs:boolean" version="3.0">
    <xsl:param name="elements" as="node()*"/>
    <xsl:variable name="one" select="head($elements)"/>
    <xsl:variable name="apart" select="('classCode', 'typeCode', 'determinerCode', 'moodCode', 'nullFlavor', 'partType')"/>
    <xsl:variable name="said" select="$one/@*[not(self::attribute(xsi:type) or self::attribute(xsi:nil)
        or name() = $apart)][not(ecluse:is-default(., true()))]"/>
    <xsl:variable name="empty" select="empty($one/*) and empty($one/text()[normalize-space()]) and empty($said)"/>
    <xsl:variable name="companions" select="('codeSystem', 'codeSystemName', 'codeSystemVersion', 'extension', 'nullFlavor',
        'partType')"/>
    <xsl:variable name="strange" select="$one/@*[not(self::attribute(xsi:type) or self::attribute(xsi:nil)
        or name() = $companions or ecluse:is-default(., false()))]"/>
    <xsl:variable name="explained" select="$one/@extension or $one/@codeSystem or $one/*[local-name() = ('originalText',
        'translation')]"/>
    <xsl:sequence select="exists($one/@nullFlavor) and not($empty)
                          and not($one/@nullFlavor = ('OTH', 'NA', 'UNC') and empty($strange) and $explained)"/>
  </xsl:function>

  <xsl:function name="ecluse:is-default" as="xs:boolean" version="3.0">
    <xsl:param name="attribute" as="attribute()"/>
    <xsl:param name="every" as="xs:boolean"/>
    <xsl:variable name="few" select="map{'integrityCheckAlgorithm': 'SHA-1', 'mediaType': 'text/plain', 'operator': 'I',
        'representation': 'TXT', 'inclusive': 'true', 'unit': '1'}"/>
    <xsl:variable name="rest" select="map{'codeSystem': '2.16.840.1.113883.5.139', 'codeSystemName': 'TimingEvent',
        'inverted': 'false'}"/>
    <xsl:variable name="known" select="if ($every) then map:merge(($few, $rest)) else $few"/>
    <xsl:sequence select="string($attribute) = $known(name($attribute))"/>
  </xsl:function>

  <xsl:function name="ecluse:beside" as="element()*" version="3.0">
    <xsl:param name="element" as="node()?"/>
    <xsl:sequence select="$element/(preceding-sibling::*, following-sibling::*)[local-name() = local-name($element)]"/>
  </xsl:function>

  <xsl:function name="ecluse:beside-known" as="xs:boolean" version="3.0">
    <xsl:param name="elements" as="node()*"/>
    <xsl:sequence select="exists(ecluse:beside(head($elements))[not(@nullFlavor)])"/>
  </xsl:function>

  <xsl:function name="ecluse:said" as="xs:string" version="3.0">
    <xsl:param name="element" as="element()"/>
    <xsl:sequence select="string-join($element/(descendant-or-self::*/@use | descendant::text()), '')"/>
  </xsl:function>

  <xsl:function name="ecluse:repeated" as="xs:boolean" version="3.0">
    <xsl:param name="elements" as="node()*"/>
    <xsl:param name="kind" as="item()*"/>
    <xsl:variable name="one" select="head($elements)"/>
    <xsl:variable name="others" select="ecluse:beside($one)"/>
    <xsl:choose>
      <xsl:when test="$kind = 'translation'">
        <xsl:variable name="said" select="$one/descendant-or-self::cda:translation/concat(@code, @codeSystem)"/>
        <xsl:sequence select="count($said) != count(distinct-values($said))"/>
      </xsl:when>
      <xsl:when test="$kind = 'II'">
        <xsl:sequence select="exists($others[@root = $one/@root][not(@extension) or @extension = $one/@extension])"/>
      </xsl:when>
      <xsl:when test="$kind = 'CD'">
        <xsl:sequence select="exists($others[@code = $one/@code and @codeSystem = $one/@codeSystem])"/>
      </xsl:when>
      <xsl:when test="$kind = 'TEL'">
        <xsl:sequence select="exists($others[@use = $one/@use and @value = $one/@value])"/>
      </xsl:when>
      <xsl:when test="$kind = ('AD', 'EN')">
        <xsl:sequence select="exists($one) and ($others ! ecluse:said(.)) = ecluse:said($one)"/>
      </xsl:when>
      <xsl:otherwise><xsl:sequence select="error(xs:QName('ecluse:kind'), string($kind))"/></xsl:otherwise>
    </xsl:choose>
  </xsl:function>

  <xsl:variable name="ecluse:time" as="xs:string"
      select="'^(([0-9]{2})|([0-9]{4})([0-9]{2})?([0-9]{2})?([0-9]{2})?([0-9]{2})?([0-9]{2})?(\.[0-9]+)?)([+\-][0-9]{1,4})?$'"/>

  <!-- The first instant of a TS; nothing when it is not in the calendar. -->
  <xsl:function name="ecluse:moment" as="xs:dateTime?" version="3.0">
    <xsl:param name="text" as="xs:string"/>
    <xsl:param name="strict" as="xs:boolean"/>
    <xsl:variable name="digits" select="replace($text, '[^0-9].*$', '', 's')"/>
    <xsl:variable name="part" select="replace(substring($text, string-length($digits) + 1), '[+\-].*$', '')"/>
    <xsl:variable name="offset" select="substring($text, string-length($digits) + string-length($part) + 1)"/>
    <xsl:variable name="year" select="substring(concat($digits, '00'), 1, 4)"/>
    <xsl:variable name="rest" select="substring($digits, 5)"/>
    <xsl:variable name="month" select="(substring($rest, 1, 2)[. != ''], '01')[1]"/>
    <xsl:variable name="day" select="(substring($rest, 3, 2)[. != ''], '01')[1]"/>
    <xsl:variable name="clock" select="substring(concat(substring($rest, 5), '000000'), 1, 6)"/>
    <xsl:variable name="shift" select="substring(concat(substring($offset, 2), '0000'), 1, 4)"/>
    <xsl:variable name="zone" select="if ($offset = '') then 'Z'
        else concat(substring($offset, 1, 1), substring($shift, 1, 2), ':', substring($shift, 3))"/>
    <xsl:variable name="spelled" select="concat($year, '-', $month, '-', $day, 'T', substring($clock, 1, 2), ':',
        substring($clock, 3, 2), ':', substring($clock, 5), if (matches($part, '^\.0*$')) then '' else $part, $zone)"/>
    <xsl:sequence select="if (matches($text, $ecluse:time) and string-length($digits) mod 2 = 0 and $year != '0000'
        and ($part = '' or string-length($digits) = 14) and (not($strict) or $offset = '' or string-length($offset) = 5)
        and $spelled castable as xs:dateTime)
        then adjust-dateTime-to-timezone(ecluse:whole-second($spelled), xs:dayTimeDuration('PT0S')) else ()"/>
  </xsl:function>

  <xsl:function name="ecluse:whole-second" as="xs:dateTime" version="3.0">
    <xsl:param name="spelled" as="xs:string"/>
    <xsl:sequence select="xs:dateTime(replace($spelled, '\.[0-9]+', ''))"/>
  </xsl:function>

  <xsl:function name="ecluse:is-timestamp" as="xs:boolean" version="3.0">
    <xsl:param name="value" as="item()*"/>
    <xsl:sequence select="exists(ecluse:moment(ecluse:text($value), false()))"/>
  </xsl:function>

  <xsl:function name="ecluse:is-timestamp" as="xs:boolean" version="3.0">
    <xsl:param name="value" as="item()*"/>
    <xsl:param name="strictness" as="item()*"/>
    <xsl:sequence select="exists(ecluse:moment(ecluse:text($value), $strictness = 'interval'))"/>
  </xsl:function>

  <xsl:function name="ecluse:ordered" as="xs:boolean" version="3.0">
    <xsl:param name="low" as="item()*"/>
    <xsl:param name="high" as="item()*"/>
    <xsl:variable name="begins" select="ecluse:moment(ecluse:text($low), true())"/>
    <xsl:variable name="ends" select="ecluse:moment(ecluse:text($high), true())"/>
    <xsl:sequence select="ecluse:text($low) != ecluse:text($high)
                          and (empty($begins) or empty($ends) or $begins le $ends)"/>
  </xsl:function>

  <xsl:function name="ecluse:ins-key" as="xs:boolean" version="3.0">
    <xsl:param name="value" as="item()*"/>
    <xsl:variable name="text" select="ecluse:text($value)"/>
    <xsl:variable name="department" select="substring($text, 6, 2)"/>
    <xsl:variable name="number" select="concat(substring($text, 1, 5),
        if ($department = '2A') then '19' else if ($department = '2B') then '18' else $department,
        substring($text, 8, 6))"/>
    <xsl:sequence select="matches($text, '^.{15}$') and matches($number, '^[0-9]{13}$')
                          and matches(substring($text, 14), '^[0-9]{2}$')
                          and 97 - (xs:integer($number) mod 97) = xs:integer(substring($text, 14))"/>
  </xsl:function>

  <!-- The bytes that a base 64 text carries, two hexadecimal digits each; nothing when it is not base 64. -->
  <xsl:function name="ecluse:bytes" as="xs:string*" version="3.0">
    <xsl:param name="text" as="xs:string"/>
    <xsl:variable name="bare" select="replace($text, '[ \t\r\n]', '')"/>
    <xsl:variable name="hex" select="if ($bare castable as xs:base64Binary) then
        string(xs:hexBinary(xs:base64Binary($bare))) else ''"/>
    <xsl:sequence select="for $at in 1 to string-length($hex) idiv 2 return substring($hex, 2 * $at - 1, 2)"/>
  </xsl:function>

  <xsl:function name="ecluse:claim" as="xs:string*" version="3.0">
    <xsl:param name="text" as="xs:string"/>
    <xsl:variable name="codes" as="xs:integer*" select="for $byte in ecluse:bytes($text) return
        string-length(substring-before('0123456789ABCDEF', substring($byte, 1, 1))) * 16
        + string-length(substring-before('0123456789ABCDEF', substring($byte, 2)))"/>
    <xsl:variable name="shown" select="codepoints-to-string(for $one in $codes return
        if ($one = (9 to 13)) then 32 else if ($one lt 32) then 63 else $one)"/>
    <xsl:analyze-string select="$shown" regex="pdfaid:part(&gt;|\s*=\s*[&quot;'])\s*([1-4])">
      <xsl:matching-substring><xsl:sequence select="regex-group(2)"/></xsl:matching-substring>
    </xsl:analyze-string>
  </xsl:function>

  <xsl:variable name="ecluse:utf-8" as="xs:string" select="'^(([0-7][0-9A-F])|((C[2-9A-F]|D[0-9A-F])[89AB][0-9A-F])|(E0[AB][0-9A-F][89AB][0-9A-F])|((E[1-9A-CEF])([89AB][0-9A-F]){2})|(ED[89][0-9A-F][89AB][0-9A-F])|(F0[9AB][0-9A-F]([89AB][0-9A-F]){2})|(F[1-3]([89AB][0-9A-F]){3})|(F48[0-9A-F]([89AB][0-9A-F]){2}))*$'"/>

  <xsl:function name="ecluse:carries" as="xs:boolean" version="3.0">
    <xsl:param name="what" as="item()*"/>
    <xsl:param name="text" as="item()*"/>
    <xsl:variable name="said" select="ecluse:text($text)"/>
    <xsl:variable name="bare" select="replace($said, '[ \t\r\n]', '')"/>
    <xsl:choose>
      <xsl:when test="$what = 'base64'">
        <xsl:sequence select="$bare != '' and matches($bare,
            '^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$')"/>
      </xsl:when>
      <xsl:when test="$what = 'pdf'">
        <xsl:sequence select="string-join(ecluse:bytes($said)[position() le 5], '') = '255044462D'"/>
      </xsl:when>
      <xsl:when test="$what = 'pdfa'"><xsl:sequence select="exists(ecluse:claim($said))"/></xsl:when>
      <xsl:when test="$what = 'pdfa-1'"><xsl:sequence select="ecluse:claim($said)[1] = '1'"/></xsl:when>
      <xsl:when test="$what = 'utf-8'">
        <xsl:variable name="bytes" select="ecluse:bytes($said)"/>
        <xsl:sequence select="not($bytes = '00') and matches(string-join($bytes, ''), $ecluse:utf-8)"/>
      </xsl:when>
      <xsl:otherwise><xsl:sequence select="error(xs:QName('ecluse:what'), string($what))"/></xsl:otherwise>
    </xsl:choose>
  </xsl:function>
</xsl:stylesheet>
