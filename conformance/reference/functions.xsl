<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="3.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:xs="http://www.w3.org/2001/XMLSchema"
                xmlns:ecluse="urn:ecluse:schematron">
  <xsl:variable name="ecluse:sets"/>
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

  <xsl:function name="ecluse:is" as="xs:boolean" version="3.0">
    <xsl:param name="form" as="item()*"/>
    <xsl:param name="value" as="item()*"/>
    <xsl:variable name="text" select="ecluse:text($value)"/>
    <xsl:variable name="oid" select="'[0-2](\.(0|[1-9][0-9]*))+'"/>
    <xsl:variable name="uuid" select="'[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}'"/>
    <xsl:variable name="ruid" select="'[A-Za-z][A-Za-z0-9\-]*'"/>
    <xsl:choose>
      <xsl:when test="$form = 'ts'"><xsl:sequence select="matches($text, '^[0-9]{4}')"/></xsl:when>
      <xsl:when test="$form = 'instant'">
        <xsl:sequence select="matches($text, '^[0-9]{14}(\.[0-9]+)?(\+|-)[0-9]{4}$')"/>
      </xsl:when>
      <xsl:when test="$form = 'oid'"><xsl:sequence select="matches($text, concat('^', $oid, '$'))"/></xsl:when>
      <xsl:when test="$form = 'uid'">
        <xsl:sequence select="some $one in ($oid, $uuid, $ruid) satisfies matches($text, concat('^', $one, '$'))"/>
      </xsl:when>
      <xsl:when test="$form = 'telecom'">
        <xsl:variable name="scheme" select="substring-before($text, ':')"/>
        <xsl:sequence select="$scheme = ('tel', 'fax', 'mailto', 'http', 'ftp', 'mllp')
                              and matches(substring-after($text, ':'), '^\S')"/>
      </xsl:when>
      <xsl:when test="$form = 'language'"><xsl:sequence select="matches($text, '[a-z]{2}-[A-Z]{2}')"/></xsl:when>
      <xsl:when test="$form = 'int'"><xsl:sequence select="matches($text, '^-?[0-9]+$')"/></xsl:when>
      <xsl:otherwise><xsl:sequence select="error(xs:QName('ecluse:form'), string($form))"/></xsl:otherwise>
    </xsl:choose>
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
</xsl:stylesheet>
